/** Volumes on a real engine: ours only, and the runner's volume whole or not used at all. */
import { expect, test } from "vitest";
import { BASE_IMAGE, inside, openHarbour, type Harbour } from "../../support/engine.ts";

const FILES = 200;

test("a volume of somebody else with our name is refused and kept", async () => {
  const harbour = await openHarbour();
  const name = `${harbour.name("web")}.files`;
  await harbour.raw.createVolume({ Name: name, Labels: { of: "somebody" } });
  harbour.reapLater("volume", name);
  await expect(
    harbour.engine.createVolume(name, harbour.own, { "berth.role": "data" }),
  ).rejects.toMatchObject({ kind: "rejected", code: "docker.name-taken" });
  expect((await harbour.raw.getVolume(name).inspect()).Labels).toEqual({ of: "somebody" });
});

test("the spool that compose made for this install is taken, another uid's or install's is not", async () => {
  const harbour = await openHarbour();
  const { engine, own } = harbour;
  const give = async (suffix: string, labels: Record<string, string>): Promise<string> => {
    const name = `${harbour.name("web")}.${suffix}`;
    await harbour.raw.createVolume({ Name: name, Labels: { "berth.role": "spool", ...labels } });
    harbour.reapLater("volume", name);
    return name;
  };
  const given = await give("given", { "berth.install": own.install });
  await expect(engine.createVolume(given, own, { "berth.role": "spool" })).resolves.toBeUndefined();
  const foreignUid = { "berth.install": own.install, "berth.install-uid": "another" };
  for (const [suffix, labels] of [
    ["uid", foreignUid],
    ["install", { "berth.install": "another" }],
  ] as const) {
    const name = await give(suffix, labels);
    await expect(engine.createVolume(name, own, { "berth.role": "spool" })).rejects.toMatchObject({
      code: "docker.name-taken",
    });
  }
});

test("a container mounts no volume of somebody else's, and a missing one is not made in passing", async () => {
  const harbour = await openHarbour();
  const name = `${harbour.name("web")}.files`;
  const mount = {
    kind: "volume",
    source: name,
    target: "/files",
    readOnly: false,
    subpath: null,
  } as const;
  const create = (): Promise<string> =>
    harbour.engine.createContainer(harbour.spec("web", { mounts: [mount] }), harbour.own);
  await expect(create()).rejects.toMatchObject({ kind: "conflict", code: "docker.not-found" });
  await harbour.raw.createVolume({ Name: name });
  harbour.reapLater("volume", name);
  await expect(create()).rejects.toMatchObject({ kind: "rejected", code: "docker.name-taken" });
});

test("a volume is made once with our labels, mounted by subpath, and removed when nobody has it", async () => {
  const harbour = await openHarbour();
  const { engine, own } = harbour;
  const name = `${harbour.name("web")}.files`;
  await engine.createVolume(name, own, { "berth.role": "data", "berth.project": "web" });
  await engine.createVolume(name, own, { "berth.role": "data", "berth.project": "web" });
  harbour.reapLater("volume", name);
  const { volumes } = await engine.snapshot();
  expect(volumes.find((each) => each.name === name)).toMatchObject({
    role: "data",
    own: { install: own.install, project: "web" },
  });
  const whole = {
    kind: "volume",
    source: name,
    target: "/all",
    readOnly: false,
    subpath: null,
  } as const;
  const first = await harbour.container(harbour.spec("web", { mounts: [whole] }));
  await engine.startContainer(first);
  await inside(engine, first, ["sh", "-c", "mkdir /all/part && echo kept > /all/part/file"]);
  const part = { ...whole, target: "/part", subpath: "part" };
  const second = await harbour.container(harbour.spec("api", { mounts: [part] }));
  await engine.startContainer(second);
  expect((await inside(engine, second, ["cat", "/part/file"])).stdout).toBe("kept\n");
  await expect(engine.removeVolume(name)).rejects.toMatchObject({ code: "docker.busy" });
  expect(await engine.volumePath(name)).toMatch(/^\/.*\/_data$/);
  await engine.removeContainer(first);
  await engine.removeContainer(second);
  await engine.removeVolume(name);
  await engine.removeVolume(name);
});

/** An image whose /.berth holds some files, made by committing a container. */
async function runnerImage(harbour: Harbour): Promise<string> {
  const script = `mkdir /.berth && for i in $(seq ${FILES}); do echo $i > /.berth/f$i; done`;
  const maker = await harbour.raw.createContainer({ Image: BASE_IMAGE, Cmd: ["sh", "-c", script] });
  harbour.reapLater("container", maker.id);
  await maker.start();
  await maker.wait();
  const repo = `berth-test-runner-${harbour.own.install}`;
  await maker.commit({ repo, tag: "1" });
  harbour.reapLater("image", `${repo}:1`);
  return `${repo}:1`;
}

async function filesIn(harbour: Harbour, volume: string): Promise<number> {
  const mounts = [
    { kind: "volume", source: volume, target: "/v", readOnly: true, subpath: null },
  ] as const;
  const how = { capAdd: [], hostNetwork: false, own: harbour.own, mounts };
  const said = await harbour.engine.runOnce(BASE_IMAGE, ["sh", "-c", "ls /v/f* | wc -l"], how);
  return Number(said.stdout);
}

test("the runner's volume is filled once, however many ask, and found by a later daemon", async () => {
  const harbour = await openHarbour();
  const image = await runnerImage(harbour);
  const doors = [harbour.engine, harbour.engine, harbour.open({}), harbour.open({})];
  const names = await Promise.all(doors.map((door) => door.runnerVolume(image, harbour.own)));
  const [name = ""] = names;
  harbour.reapLater("volume", name);
  expect(new Set(names).size).toBe(1);
  expect(name).toMatch(new RegExp(`^berth-${harbour.own.install}-runner-[0-9a-f]{12}$`));
  expect(await filesIn(harbour, name)).toBe(FILES);
  const made = await harbour.raw.getVolume(name).inspect();
  const later = harbour.open({});
  expect(await later.runnerVolume(image, { ...harbour.own, epoch: 2 })).toBe(name);
  // The inspection tells when it was created: it is still the same one.
  expect(await harbour.raw.getVolume(name).inspect()).toEqual(made);
  const volume = (await harbour.engine.snapshot()).volumes.find((each) => each.name === name);
  expect(volume).toMatchObject({ role: "runner", own: { install: harbour.own.install } });
});

test("a half-filled runner volume is thrown away, with the claim of a leader that is gone", async () => {
  const harbour = await openHarbour();
  const image = await runnerImage(harbour);
  const digest = (await harbour.engine.imageFacts(image))?.id.replace("sha256:", "").slice(0, 12);
  const name = `berth-${harbour.own.install}-runner-${digest}`;
  await harbour.engine.createVolume(name, harbour.own, { "berth.role": "runner" });
  harbour.reapLater("volume", name);
  const mounts = [
    { kind: "volume", source: name, target: "/v", readOnly: false, subpath: null },
  ] as const;
  const how = { capAdd: [], hostNetwork: false, own: harbour.own, mounts };
  await harbour.engine.runOnce(BASE_IMAGE, ["sh", "-c", "echo 1 > /v/f1"], how);
  const claim = harbour.spec("x", {
    name: `${name}-fill`,
    mounts: [{ kind: "volume", source: name, target: "/.berth", readOnly: false, subpath: null }],
  });
  await harbour.container(claim);
  expect(await harbour.engine.runnerVolume(image, { ...harbour.own, epoch: 2 })).toBe(name);
  expect(await filesIn(harbour, name)).toBe(FILES);
});

test("a runner volume of somebody else is not used", async () => {
  const harbour = await openHarbour();
  const digest = (await harbour.engine.imageFacts(BASE_IMAGE))?.id
    .replace("sha256:", "")
    .slice(0, 12);
  const name = `berth-${harbour.own.install}-runner-${digest}`;
  await harbour.raw.createVolume({ Name: name });
  harbour.reapLater("volume", name);
  await expect(harbour.engine.runnerVolume(BASE_IMAGE, harbour.own)).rejects.toMatchObject({
    code: "docker.name-taken",
  });
});
