/** Networks on a real engine: adopted when the same, refused when not, and many of them. */
import { expect, test } from "vitest";
import { eventually, openHarbour } from "../../support/engine.ts";

/** The promise is 200; a short run makes fewer, at some 150 ms each. */
const MANY = process.env["BERTH_LONG"] === "1" ? 200 : 40;
/** More at once is slower. */
const AT_ONCE = 8;

test("the same network is adopted, one of another shape or install is not", async () => {
  const harbour = await openHarbour();
  const { engine, own } = harbour;
  const spec = harbour.networkSpec("web", "none");
  const id = await engine.createNetwork(spec, own, "web");
  harbour.reapLater("network", id);
  expect(await engine.createNetwork(spec, own, "web")).toBe(id);
  const taken = { kind: "rejected", code: "docker.name-taken" };
  const open = { ...spec, egress: "open" as const };
  await expect(engine.createNetwork(open, own, "web")).rejects.toMatchObject(taken);
  await expect(engine.createNetwork(spec, own, "api")).rejects.toMatchObject(taken);
  const stranger = { ...own, installUid: "somebody-else" };
  await expect(engine.createNetwork(spec, stranger, "web")).rejects.toMatchObject(taken);
});

test("a subnet that is taken is named as such", async () => {
  const harbour = await openHarbour();
  const { engine, own } = harbour;
  const first = harbour.networkSpec("web", "none");
  harbour.reapLater("network", await engine.createNetwork(first, own, "web"));
  const second = { ...harbour.networkSpec("api", "none"), subnet: first.subnet };
  await expect(engine.createNetwork(second, own, "api")).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.subnet-taken",
  });
});

test("a closed network is internal and its bridge has no address; an open one is neither", async () => {
  const harbour = await openHarbour();
  const closed = await harbour.network("web", "none");
  const open = await harbour.network("api", "open");
  const inspect = async (id: string): Promise<unknown> => harbour.raw.getNetwork(id).inspect();
  expect(await inspect(closed)).toMatchObject({
    Internal: true,
    EnableIPv6: false,
    Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
    Labels: {
      "berth.egress": "none",
      "berth.project": "web",
      "berth.install": harbour.own.install,
    },
  });
  const shape = await harbour.raw.getNetwork(open).inspect();
  expect(shape.Internal).toBe(false);
  expect(shape.Options?.["com.docker.network.bridge.name"]).toMatch(
    new RegExp(`^${harbour.bridgePrefix}`),
  );
});

test("a container is connected and disconnected, twice over, and its network goes only when it is empty", async () => {
  const harbour = await openHarbour();
  const { engine } = harbour;
  const networkId = await harbour.network("web");
  const id = await harbour.container(harbour.spec("web", { networkName: harbour.name("web") }));
  await engine.startContainer(id);
  const names = async (): Promise<readonly string[]> =>
    (await engine.snapshot()).containers.find((each) => each.id === id)?.networkNames ?? [];
  expect(await names()).toEqual([harbour.name("web")]);
  await expect(engine.removeNetwork(networkId)).rejects.toMatchObject({
    kind: "conflict",
    code: "docker.busy",
  });
  await engine.disconnectNetwork(networkId, id);
  await engine.disconnectNetwork(networkId, id);
  expect(await names()).toEqual([]);
  await engine.connectNetwork(networkId, id);
  await engine.connectNetwork(networkId, id);
  expect(await names()).toEqual([harbour.name("web")]);
  await engine.removeContainer(id);
  await engine.removeNetwork(networkId);
  await engine.removeNetwork(networkId);
});

test(
  `${MANY} networks are made and removed, and none is left`,
  { timeout: 30_000 + MANY * 1_000 },
  async () => {
    const harbour = await openHarbour();
    const { engine, own } = harbour;
    const specs = Array.from({ length: MANY }, (_, at) => ({
      project: `p${at}`,
      spec: harbour.networkSpec(`p${at}`, at % 2 === 0 ? "none" : "open"),
    }));
    const queue = [...specs];
    const ids: string[] = [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const id = await engine.createNetwork(next.spec, own, next.project);
        harbour.reapLater("network", id);
        ids.push(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const ours = async (): Promise<number> =>
      (await engine.snapshot()).networks.filter((each) => each.own.installUid === own.installUid)
        .length;
    expect(await ours()).toBe(MANY);
    const remove = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await engine.removeNetwork(id);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, remove));
    await eventually("none is left", async () => (await ours()) === 0);
  },
);
