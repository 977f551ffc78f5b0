/** Who reaches whom, asked from inside containers: the promise "untrusted by default" as a matrix. */
import { lookup } from "node:dns/promises";
import { createConnection } from "node:net";
import { readFile } from "node:fs/promises";
import { globSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { openFirewall } from "../../../src/docker/firewall.ts";
import type { Egress } from "../../../src/model/project.ts";
import {
  BASE_IMAGE,
  eventually,
  inside,
  openHarbour,
  SLEEPER,
  type Harbour,
} from "../../support/engine.ts";
import { hostAddresses, listenOnHost, openOutside } from "../../support/outside.ts";

/** A documentation address: no range that must be closed, and so the nearest thing to a public one that is always here. */
const PUBLIC = "198.51.100.77";
/** One of each range that is not public: cloud metadata, private, carriers' own, benchmarks. */
const CLOSED = [
  "169.254.169.254",
  "10.99.1.2",
  "172.31.9.9",
  "192.168.251.7",
  "100.64.3.3",
  "198.18.0.9",
];

/** Each target costs three processes for a moment. */
const ROOMY = {
  nanoCpus: 2_000_000_000,
  memoryBytes: 512 * 1024 * 1024,
  pids: 1_000,
  cpuShares: 1024,
};

interface Project {
  readonly id: string;
  readonly address: string;
  readonly gateway: string;
}

/** A project whose container listens on port 7000. */
async function project(harbour: Harbour, name: string, egress: Egress): Promise<Project> {
  const networkId = await harbour.network(name, egress);
  const id = await harbour.container(
    harbour.spec(name, { networkName: harbour.name(name), limits: ROOMY }),
  );
  await harbour.engine.startContainer(id);
  const listener =
    'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 7000, Listen => 5, ReuseAddr => 1) or die; while (my $c = $s->accept) { print $c "project\\n"; close $c }';
  await inside(harbour.engine, id, [
    "sh",
    "-c",
    `perl -e '${listener}' >/dev/null 2>&1 </dev/null &`,
  ]);
  await eventually(
    "it hears itself",
    async () => (await reached(harbour, id, ["127.0.0.1:7000"])).length === 1,
  );
  const found = await harbour.raw.getNetwork(networkId).inspect();
  const address = found.Containers?.[id]?.IPv4Address.split("/")[0] ?? "";
  expect(address).not.toBe("");
  return { id, address, gateway: address.replace(/\d+$/, (last) => String(Number(last) - 1)) };
}

/** Which of the targets (`address:port`) answer within 3 s, all tried at once. */
async function reached(
  harbour: Harbour,
  id: string,
  targets: readonly string[],
): Promise<readonly string[]> {
  const script = `for t in ${targets.join(" ")}; do
    (timeout 3 bash -c "exec 3<>/dev/tcp/\${t%:*}/\${t#*:}" 2>/dev/null && echo $t) &
  done; wait`;
  const said = await inside(harbour.engine, id, ["bash", "-c", script]);
  const answered = new Set(said.stdout.split("\n"));
  return targets.filter((target) => answered.has(target));
}

/** A container on an ordinary network of the engine: what it reaches shows that the listeners are real. */
async function stranger(harbour: Harbour): Promise<string> {
  const network = await harbour.raw.createNetwork({ Name: `plain-${harbour.own.install}` });
  harbour.reapLater("network", network.id);
  const made = await harbour.raw.createContainer({
    Image: BASE_IMAGE,
    Entrypoint: [...SLEEPER],
    HostConfig: { NetworkMode: network.id },
  });
  harbour.reapLater("container", made.id);
  await made.start();
  return made.id;
}

/** A container of somebody else with a published port; returns the port on the host. */
async function published(harbour: Harbour): Promise<number> {
  const made = await harbour.raw.createContainer({
    Image: BASE_IMAGE,
    Entrypoint: [
      "perl",
      "-MIO::Socket::INET",
      "-e",
      "my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5); while (my $c = $s->accept) { close $c }",
    ],
    ExposedPorts: { "80/tcp": {} },
    HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "" }] } },
  });
  harbour.reapLater("container", made.id);
  await made.start();
  const bound = (await made.inspect()).NetworkSettings.Ports["80/tcp"]?.[0]?.HostPort;
  return Number(bound);
}

/** The machine's own package mirror: the one host it is known to talk to. */
async function mirror(): Promise<string> {
  const files = globSync("/etc/apt/{sources.list,sources.list.d/*}");
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const found = /https?:\/\/([a-z0-9.-]+)/.exec(texts.join("\n").replaceAll(/^\s*#.*$/gm, ""))?.[1];
  if (found === undefined) throw new Error("no package source is configured on this machine");
  return found;
}

async function hostReaches(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, timeout: 2_000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

async function guarded(): Promise<Harbour> {
  const harbour = await openHarbour();
  const firewall = openFirewall({
    install: harbour.own.install,
    bridgePrefix: harbour.bridgePrefix,
    mode: "host",
    engine: harbour.engine,
    netImage: BASE_IMAGE,
    own: () => harbour.own,
  });
  onTestFinished(() => firewall.remove());
  expect((await firewall.ensure()).verified).toBe(true);
  return harbour;
}

/** Listeners on this host under each of its addresses, and beyond it. */
async function world(
  harbour: Harbour,
): Promise<Readonly<{ host: string[]; closed: string[]; open: string }>> {
  const [own, publishedPort, outsidePort] = [
    await listenOnHost(),
    await published(harbour),
    await openOutside([PUBLIC, ...CLOSED]),
  ];
  const addresses = await hostAddresses();
  return {
    host: addresses.flatMap((address) => [`${address}:${own}`, `${address}:${publishedPort}`]),
    closed: CLOSED.map((address) => `${address}:${outsidePort}`),
    open: `${PUBLIC}:${outsidePort}`,
  };
}

test("the listeners of this matrix are real: an ordinary container reaches them", async () => {
  const harbour = await openHarbour();
  const { host, closed, open } = await world(harbour);
  const id = await stranger(harbour);
  const seen = await reached(harbour, id, [...closed, open, ...host]);
  expect(seen).toEqual(expect.arrayContaining([...closed, open]));
  // Some of the host's bridges are down, and the engine itself keeps others apart.
  expect(seen.filter((target) => host.includes(target)).length).toBeGreaterThan(0);
});

test("egress none: no internet, no host, no other project, no name, even without the firewall", async () => {
  const harbour = await openHarbour();
  const { host, closed, open } = await world(harbour);
  const [web, api, free] = [
    await project(harbour, "web", "none"),
    await project(harbour, "api", "none"),
    await project(harbour, "free", "open"),
  ];
  const own = host.map((target) => target.replace(/^[^:]+/, web.gateway));
  const others = [`${api.address}:7000`, `${free.address}:7000`];
  const all = [...host, ...own, ...closed, open, ...others];
  expect(await reached(harbour, web.id, all)).toEqual([]);
  const named = await inside(harbour.engine, web.id, [
    "timeout",
    "5",
    "getent",
    "hosts",
    await mirror(),
  ]);
  expect(named.exitCode).not.toBe(0);
});

test("egress open: public addresses and names, but not the host, another project or a private range", async () => {
  const harbour = await guarded();
  const second = await guarded();
  const { host, closed, open } = await world(harbour);
  const [web, api, closedOff, foreign] = [
    await project(harbour, "web", "open"),
    await project(harbour, "api", "open"),
    await project(harbour, "shut", "none"),
    await project(second, "web", "open"),
  ];
  const gateways = [web, api, foreign].flatMap(({ gateway }) =>
    host.map((target) => target.replace(/^[^:]+/, gateway)),
  );
  const others = [api, closedOff, foreign].map(({ address }) => `${address}:7000`);
  const shut = [...host, ...gateways, ...closed, ...others];
  expect(await reached(harbour, web.id, [...shut, open])).toEqual([open]);
  const known = await mirror();
  const resolved = await lookup(known, { family: 4 });
  const named = await inside(harbour.engine, web.id, [
    "timeout",
    "10",
    "getent",
    "ahostsv4",
    known,
  ]);
  expect(named.stdout).toContain(resolved.address);
  // Whether this machine reaches its mirror is its own affair; the project fares as the machine does.
  const there = await hostReaches(resolved.address, 80);
  expect(await reached(harbour, web.id, [`${resolved.address}:80`])).toEqual(
    there ? [`${resolved.address}:80`] : [],
  );
});
