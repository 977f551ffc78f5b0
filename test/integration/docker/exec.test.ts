/** Commands in a live container, with and without a terminal, and errand containers. */
import { expect, test } from "vitest";
import { BASE_IMAGE, eventually, inside, openHarbour, type Harbour } from "../../support/engine.ts";

async function running(harbour: Harbour): Promise<string> {
  const id = await harbour.container(harbour.spec("web"));
  await harbour.engine.startContainer(id);
  return id;
}

const linesIn = (text: string): number => text.trim().split("\n").length;

test("output is taken apart, input arrives, and the exit code is the command's", async () => {
  const harbour = await openHarbour();
  const containerId = await running(harbour);
  const session = await harbour.engine.exec({
    containerId,
    argv: ["sh", "-c", "read line; echo out $line $WORD; echo err >&2; exit 7"],
    tty: false,
    user: "10001",
    environment: { WORD: "there" },
  });
  const parts = { stdout: "", stderr: "" };
  session.stdout.on("data", (chunk: Buffer) => (parts.stdout += chunk.toString()));
  session.stderr.on("data", (chunk: Buffer) => (parts.stderr += chunk.toString()));
  session.stream.end("hello\n");
  expect(await session.exitCode()).toBe(7);
  await eventually("the output", () => parts.stderr !== "" && parts.stdout !== "");
  expect(parts).toEqual({ stdout: "out hello there\n", stderr: "err\n" });
});

test("a reader slower than the command loses nothing", async () => {
  const harbour = await openHarbour();
  const id = await running(harbour);
  const said = await inside(harbour.engine, id, ["sh", "-c", "seq 1 200000; seq 1 50000 >&2"]);
  expect([linesIn(said.stdout), linesIn(said.stderr), said.exitCode]).toEqual([200_000, 50_000, 0]);
  expect(said.stdout.endsWith("\n200000\n")).toBe(true);
});

test("the exit code is the command's, also when it is asked for before the engine has started it", async () => {
  const harbour = await openHarbour();
  const containerId = await running(harbour);
  const codes = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const argv = ["sh", "-c", `exit ${index}`];
      const session = await harbour.engine.exec({
        containerId,
        argv,
        tty: false,
        user: null,
        environment: {},
      });
      for (const output of [session.stdout, session.stderr]) output.resume();
      return session.exitCode();
    }),
  );
  expect(codes).toEqual(Array.from({ length: 10 }, (_, index) => index));
});

test("a terminal has the size it is given", async () => {
  const harbour = await openHarbour();
  const containerId = await running(harbour);
  const session = await harbour.engine.exec({
    containerId,
    argv: ["sh", "-c", "read go; stty size; tty"],
    tty: true,
    user: null,
    environment: {},
  });
  let seen = "";
  session.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  await session.resize(123, 45);
  session.stream.write("\n");
  expect(await session.exitCode()).toBe(0);
  await eventually("the terminal's size and name", () => /45 123\s+\/dev\/pts\//.test(seen));
});

test("a frozen container refuses, by name", async () => {
  const harbour = await openHarbour();
  const id = await running(harbour);
  await harbour.engine.pauseContainer(id);
  await expect(inside(harbour.engine, id, ["true"])).rejects.toMatchObject({
    kind: "conflict",
    code: "docker.busy",
  });
});

test("an errand returns its output and exit code and is gone afterwards, also when it failed", async () => {
  const harbour = await openHarbour();
  const how = { capAdd: [], hostNetwork: false, own: harbour.own };
  const script = ["sh", "-c", "echo out; echo err >&2; exit 3"];
  expect(await harbour.engine.runOnce(BASE_IMAGE, script, how)).toEqual({
    exitCode: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
  await expect(harbour.engine.runOnce(BASE_IMAGE, ["/no/such/program"], how)).rejects.toMatchObject(
    { kind: "rejected" },
  );
  const { containers } = await harbour.engine.snapshot();
  expect(containers.filter((each) => each.own.install === harbour.own.install)).toEqual([]);
});

test("an errand nobody waits for any more is removed by the next one", async () => {
  const harbour = await openHarbour();
  const left = await harbour.raw.createContainer({
    Image: BASE_IMAGE,
    Cmd: ["true"],
    Labels: {
      "berth.install": harbour.own.install,
      "berth.install-uid": harbour.own.installUid,
      "berth.role": "errand",
    },
  });
  harbour.reapLater("container", left.id);
  const how = { capAdd: [], hostNetwork: false, own: harbour.own };
  await harbour.engine.runOnce(BASE_IMAGE, ["true"], how);
  expect(await harbour.engine.inspect(left.id)).not.toBeNull();
  const later = harbour.open({ now: () => Date.now() + 3_600_000 });
  await later.runOnce(BASE_IMAGE, ["true"], how);
  expect(await harbour.engine.inspect(left.id)).toBeNull();
});
