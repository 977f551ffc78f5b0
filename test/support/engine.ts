/** A real engine for one test: a label of its own, a reaper, and a leak check by which a test that leaks fails itself. */
import { randomBytes } from "node:crypto";
import Docker from "dockerode";
import { onTestFinished } from "vitest";
import { openEngine, type EngineOptions } from "../../src/docker/engine.ts";
import type { EngineDoor, Ownership } from "../../src/docker/door.ts";
import type { ContainerSpec, NetworkSpec } from "../../src/model/desired.ts";
import type { Egress } from "../../src/model/project.ts";

/** Small, has a shell and getent; on machines without a registry `scripts/images` makes a stand-in. */
export const BASE_IMAGE = "debian:bookworm-slim";
const MIB = 1024 * 1024;

/** What stands in for the runner: an init that sleeps and can be told to stop. */
export const SLEEPER: readonly string[] = [
  "sh",
  "-c",
  "trap 'exit 0' TERM; while :; do sleep 0.1; done",
];

/** What a test sees of its engine. Whatever is made through it is reaped; whatever else bears its label is a leak. */
export interface Harbour {
  readonly engine: EngineDoor;
  /** The engine behind the door's back: for foreign objects and for looking at the world. */
  readonly raw: Docker;
  readonly own: Ownership;
  readonly bridgePrefix: string;
  /** `berth-<install>-<project>`. */
  name(project: string): string;
  spec(project: string, changes?: Partial<ContainerSpec>): ContainerSpec;
  networkSpec(project: string, egress: Egress): NetworkSpec;
  /** Creates the project's network and remembers it for the reaper. */
  network(project: string, egress?: Egress): Promise<string>;
  /** Creates a container of the door's making, on that network or none, and remembers it. */
  container(spec: ContainerSpec): Promise<string>;
  /** Remembers something made otherwise. */
  reapLater(kind: Kind, id: string): void;
  /** Another door to the same engine, for instance through a socket that can be cut. */
  open(changes: Partial<EngineOptions>): EngineDoor;
}

type Kind = "container" | "network" | "volume" | "image";

/** Opens an engine for the test that calls it. At its end all is reaped; anything nobody asked for fails the test. */
export async function openHarbour(): Promise<Harbour> {
  const raw = new Docker({ socketPath: await socketOf(), version: "v1.45" });
  const own = {
    install: `t${randomBytes(5).toString("hex")}`,
    installUid: randomBytes(8).toString("hex"),
    epoch: 1,
  };
  const toReap: Reaped[] = [];
  const doors: EngineDoor[] = [];
  onTestFinished(async ({ task }) => {
    for (const each of toReap.toReversed()) await reap(raw, each);
    const leaks = await left(raw, own.install);
    for (const leak of leaks) await reap(raw, leak);
    for (const door of doors) await door.close();
    // A failed test stops anywhere; what it left over is not news.
    if (leaks.length > 0 && task.result?.state !== "fail")
      throw new Error(`leaked: ${leaks.map(({ kind, id }) => `${kind} ${id}`).join(", ")}`);
  });
  return harbourOf({ raw, own, toReap, doors });
}

interface Reaped {
  readonly kind: Kind;
  readonly id: string;
}

interface Parts {
  readonly raw: Docker;
  readonly own: Ownership;
  readonly toReap: Reaped[];
  readonly doors: EngineDoor[];
}

let subnets = randomBytes(2).readUInt16BE(0);

function harbourOf({ raw, own, toReap, doors }: Parts): Harbour {
  const bridgePrefix = `bt${own.install.slice(1, 7)}`;
  const open = (changes: Partial<EngineOptions>): EngineDoor => {
    const options = {
      dockerHost: null,
      entrypoint: SLEEPER,
      now: () => Date.now(),
      chance: Math.random,
    };
    const door = openEngine({ ...options, ...changes });
    doors.push(door);
    return door;
  };
  const engine = open({});
  const name = (project: string): string => `berth-${own.install}-${project}`;
  const networkSpec = (project: string, egress: Egress): NetworkSpec => {
    subnets = (subnets + 1) % 65_536;
    const subnet = `10.${220 + (subnets >> 12)}.${(subnets >> 4) & 255}.${(subnets & 15) * 16}/28`;
    return {
      name: name(project),
      subnet,
      egress,
      bridge: `${bridgePrefix}${subnets.toString(36)}`,
    };
  };
  const reapLater = (kind: Kind, id: string): void => void toReap.push({ kind, id });
  return {
    engine,
    raw,
    own,
    bridgePrefix,
    name,
    networkSpec,
    reapLater,
    open,
    spec: (project, changes = {}) => ({ ...plainSpec(project, name(project), own), ...changes }),
    network: async (project, egress = "none") => {
      const id = await engine.createNetwork(networkSpec(project, egress), own, project);
      reapLater("network", id);
      return id;
    },
    container: async (spec) => {
      const id = await engine.createContainer(spec, own);
      reapLater("container", id);
      return id;
    },
  };
}

function plainSpec(project: string, name: string, own: Ownership): ContainerSpec {
  return {
    name,
    project,
    image: BASE_IMAGE,
    limits: { nanoCpus: 500_000_000, memoryBytes: 64 * MIB, pids: 64, cpuShares: 512 },
    nofile: 1024,
    readOnlyRoot: true,
    tmpfs: [
      {
        target: "/tmp",
        options: "rw,exec,nosuid,nodev,mode=1777",
        sizeBytes: 16 * MIB,
        inodes: 2048,
      },
      { target: "/run", options: "rw,nosuid,nodev", sizeBytes: 4 * MIB, inodes: 512 },
      {
        target: "/dev/shm",
        options: "rw,noexec,nosuid,nodev,mode=1777",
        sizeBytes: 8 * MIB,
        inodes: 1024,
      },
    ],
    mounts: [],
    networkName: "none",
    stopTimeoutSeconds: 7,
    oomScoreAdj: 200,
    labels: { team: "core", "berth.generation": "3", "berth.install": own.install },
    specHash: "a1b2c3",
  };
}

/** The engine's socket; without an engine the tier fails here, in one line that says what to do. */
async function socketOf(): Promise<string> {
  const socketPath = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace(
    "unix://",
    "",
  );
  const docker = new Docker({ socketPath });
  try {
    await docker.getImage(BASE_IMAGE).inspect();
  } catch (cause) {
    throw new Error(
      `no engine at ${socketPath} with ${BASE_IMAGE}: run scripts/engine and scripts/images`,
      { cause },
    );
  }
  return socketPath;
}

async function left(raw: Docker, install: string): Promise<readonly Reaped[]> {
  const filters = { label: [`berth.install=${install}`] };
  const [containers, networks, volumes] = await Promise.all([
    raw.listContainers({ all: true, filters }),
    raw.listNetworks({ filters }),
    raw.listVolumes({ filters }),
  ]);
  return [
    ...containers.map((each): Reaped => ({
      kind: "container",
      id: each.Names[0]?.slice(1) ?? each.Id,
    })),
    ...networks.map((each): Reaped => ({ kind: "network", id: each.Name })),
    ...(volumes.Volumes ?? []).map((each): Reaped => ({ kind: "volume", id: each.Name })),
  ];
}

/** Gone already is fine: many tests remove what they made. */
async function reap(raw: Docker, { kind, id }: Reaped): Promise<void> {
  try {
    if (kind === "container") await raw.getContainer(id).remove({ force: true, v: true });
    else if (kind === "network") await raw.getNetwork(id).remove();
    else if (kind === "volume") await raw.getVolume(id).remove({ force: true });
    else await raw.getImage(id).remove({ force: true });
  } catch (thrown) {
    const gone = thrown instanceof Error && "statusCode" in thrown && thrown.statusCode === 404;
    if (!gone) throw thrown;
  }
}

/** Polls until `look` gives something true; fails with `what` after the deadline. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

export interface Said {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command inside a container through the door, to its end. */
export async function inside(
  engine: EngineDoor,
  containerId: string,
  argv: readonly string[],
): Promise<Said> {
  const session = await engine.exec({ containerId, argv, tty: false, user: null, environment: {} });
  session.stream.end();
  const [stdout, stderr] = await Promise.all([textOf(session.stdout), textOf(session.stderr)]);
  return { exitCode: await session.exitCode(), stdout, stderr };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
