/** The host firewall on a real host: installed, verified, mended, and taken away without a trace. */
import { expect, onTestFinished, test } from "vitest";
import type { FirewallDoor } from "../../../src/docker/door.ts";
import { openFirewall } from "../../../src/docker/firewall.ts";
import { openHarbour, type Harbour } from "../../support/engine.ts";
import { onHost } from "../../support/outside.ts";

type Mode = "host" | "container";
const MODES: readonly Mode[] = ["host", "container"];
const NET_IMAGE = process.env["BERTH_IMAGE_NET"] ?? "berth/net:0.1.0";

function firewallOf(harbour: Harbour, mode: Mode): FirewallDoor {
  const firewall = openFirewall({
    install: harbour.own.install,
    bridgePrefix: harbour.bridgePrefix,
    mode,
    engine: harbour.engine,
    netImage: NET_IMAGE,
    own: () => harbour.own,
  });
  onTestFinished(() => firewall.remove());
  return firewall;
}

/** Both tables, without what other people on this machine may change meanwhile: the engine's own bridges and ports. */
async function tables(): Promise<readonly string[]> {
  const both = [await onHost(["iptables", "-S"]), await onHost(["ip6tables", "-S"])];
  return both
    .join("")
    .split("\n")
    .filter(
      (line) => !/^-A DOCKER(-ISOLATION-STAGE-[12])? |\bbr-|\bbt[0-9a-f]{6}\w*\b(?!\+)/.test(line),
    );
}

const ours = async (harbour: Harbour): Promise<readonly string[]> =>
  (await tables()).filter((line) => line.includes(`BERTH-${harbour.own.install.toUpperCase()}-`));

test.each(MODES)(
  "as %s: rules are installed and verified once, and leave no trace",
  async (mode) => {
    const harbour = await openHarbour();
    const firewall = firewallOf(harbour, mode);
    const before = await tables();
    const state = await firewall.ensure();
    expect(state.verified).toBe(true);
    const standing = await tables();
    expect((await ours(harbour)).length).toBeGreaterThanOrEqual(state.rules);
    expect(await firewall.ensure()).toEqual(state);
    expect(await tables()).toEqual(standing);
    await firewall.remove();
    expect(await tables()).toEqual(before);
    await firewall.remove();
    expect(await tables()).toEqual(before);
  },
);

test("what somebody deleted, changed, doubled or put in front is mended", async () => {
  const harbour = await openHarbour();
  const firewall = firewallOf(harbour, "host");
  await firewall.ensure();
  const good = await ours(harbour);
  const base = `BERTH-${harbour.own.install.toUpperCase()}`;
  const bridges = `${harbour.bridgePrefix}+`;
  const harms: readonly (readonly string[])[] = [
    ["-D", "INPUT", "-i", bridges, "-j", `${base}-IN`],
    ["-D", "DOCKER-USER", "-i", bridges, "-j", `${base}-FWD`],
    ["-F", `${base}-FWD`],
    ["-D", `${base}-FWD`, "-d", "169.254.0.0/16", "-j", "DROP"],
    ["-I", `${base}-IN`, "-j", "RETURN"],
    ["-A", "INPUT", "-i", bridges, "-j", `${base}-IN`],
  ];
  for (const harm of harms) {
    await onHost(["iptables", ...harm]);
    expect(await ours(harbour)).not.toEqual(good);
    expect((await firewall.ensure()).verified).toBe(true);
    expect(await ours(harbour)).toEqual(good);
  }
  const first = ["INPUT", "-i", bridges, "-j", "ACCEPT"];
  await onHost(["iptables", "-I", ...first]);
  onTestFinished(async () => void (await onHost(["iptables", "-D", ...first])));
  await firewall.ensure();
  const input = (await tables()).filter(
    (line) => line.startsWith("-A INPUT") && line.includes(bridges),
  );
  expect(input[0]).toContain(`${base}-IN`);
});

test("two installs stand side by side and go one by one", async () => {
  const [one, two] = [await openHarbour(), await openHarbour()];
  const [first, second] = [firewallOf(one, "host"), firewallOf(two, "host")];
  await first.ensure();
  await second.ensure();
  const standing = await tables();
  await first.ensure();
  expect(await tables()).toEqual(standing);
  const secondAlone = await ours(two);
  await first.remove();
  expect(await ours(one)).toEqual([]);
  expect(await ours(two)).toEqual(secondAlone);
  expect((await second.ensure()).verified).toBe(true);
});

test.each(MODES)("as %s: host routes are told, our own bridges' are not", async (mode) => {
  const harbour = await openHarbour();
  const firewall = firewallOf(harbour, mode);
  const spec = harbour.networkSpec("web", "open");
  harbour.reapLater("network", await harbour.engine.createNetwork(spec, harbour.own, "web"));
  const routes = await firewall.hostRoutes();
  const listed = (await onHost(["ip", "-4", "route"]))
    .split("\n")
    .flatMap((line) => /^([\d./]+\/\d+) /.exec(line)?.[1] ?? []);
  expect(listed).toContain(spec.subnet);
  const others = listed.filter((route) => !route.startsWith("10.2") && route !== spec.subnet);
  expect(routes).toEqual(expect.arrayContaining(others));
  expect(routes).not.toContain(spec.subnet);
  expect(routes.every((route) => /^[\d.]+\/\d+$/.test(route))).toBe(true);
});

test("an errand that cannot see the engine's chains is a named failure, not a verified state", async () => {
  const harbour = await openHarbour();
  const silent = {
    exitCode: 3,
    stdout: "",
    stderr: "no iptables here shows the chain DOCKER-USER\n",
  };
  const firewall = openFirewall({
    install: harbour.own.install,
    bridgePrefix: harbour.bridgePrefix,
    mode: "container",
    engine: { runOnce: () => Promise.resolve(silent) },
    netImage: NET_IMAGE,
    own: () => harbour.own,
  });
  await expect(firewall.ensure()).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.firewall-failed",
  });
});
