/**
 * A fake engine for properties only: a value holding containers, networks and volumes, ours and foreign, with a pure
 * function for what a step does to it. Its rules are the engine's as measured (GROUND): names are unique, a create with a
 * taken name adopts ours or fails, a network with live endpoints cannot go, a limit below use kills. Replayed
 * against a real engine by test/integration/docker/replay-fake.test.ts.
 */
import { heldBytes } from "../../src/model/tmpfs.ts";
import type { LimitValues, RunnerConfig } from "../../src/model/desired.ts";
import type { ContainerState } from "../../src/model/observed.ts";
import { AS_CREATED, type PinnedValues } from "../../src/model/pinned.ts";
import type { Step } from "../../src/model/step.ts";
import { isLive } from "../../src/plan/live.ts";

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  /** Null: not ours. */
  readonly project: string | null;
  readonly image: string;
  /** What the name meant when it was created. */
  readonly imageId: string;
  readonly state: ContainerState;
  readonly specHash: string;
  readonly generation: number;
  readonly limits: LimitValues;
  readonly pinned: PinnedValues;
  /** Of its tmpfs; as it was created. */
  readonly tmpfsBytes: number;
  readonly networkIds: readonly string[];
  /** The network it was created on; null once it was taken off it, and then it starts without any. */
  readonly networkName: string | null;
  readonly exitCode: number | null;
  readonly createdAt: number;
}

export interface FakeNetwork {
  readonly id: string;
  readonly name: string;
  readonly project: string | null;
  readonly subnet: string;
  readonly egress: string;
  readonly bridge: string;
}

export interface FakeVolume {
  readonly name: string;
  readonly project: string | null;
}

export interface FakeEngine {
  readonly nextId: number;
  /** Names to ids. An id a container runs on can be looked up without any name. */
  readonly images: Readonly<Record<string, string>>;
  readonly containers: readonly FakeContainer[];
  readonly networks: readonly FakeNetwork[];
  readonly volumes: readonly FakeVolume[];
  /** Spool directories and the configuration that lies in them. */
  readonly spools: Readonly<Record<string, RunnerConfig | null>>;
  /** What each connected runner was last told; a project without a live runner has no entry. */
  readonly runners: Readonly<Record<string, Readonly<{ hash: string | null }>>>;
  /** Memory in use by each live container of a project. */
  readonly usageBytes: number;
  readonly openRuns: readonly string[];
}

export const NOTHING: FakeEngine = {
  nextId: 1,
  images: { "node:26": "sha256:1" },
  containers: [],
  networks: [],
  volumes: [],
  spools: {},
  runners: {},
  usageBytes: 0,
  openRuns: [],
};

/** What a registry gives for any name. */
const PULLED = "sha256:pulled";

/** The state after a step, or why the engine refuses it (then nothing changed). */
export type Effect =
  | Readonly<{ ok: true; engine: FakeEngine }>
  | Readonly<{ ok: false; error: string }>;

/** Touching what is not ours is no refusal but a broken promise, so it throws and fails the test. */
export function applyStep(engine: FakeEngine, step: Step): Effect {
  switch (step.kind) {
    case "ensure-image":
      return done({ ...engine, images: { [step.image]: PULLED, ...engine.images } });
    case "create-volume":
      return engine.volumes.some(
        ({ name, project }) => name === step.name && project !== step.project,
      )
        ? refused("volume name taken")
        : done({
            ...engine,
            volumes: [
              ...without(engine.volumes, step.name),
              { name: step.name, project: step.project },
            ],
          });
    case "remove-volume":
      mine(
        engine.volumes.find(({ name }) => name === step.name),
        step,
      );
      return done({ ...engine, volumes: without(engine.volumes, step.name) });
    case "create-network":
    case "remove-network":
    case "connect-network":
    case "disconnect-network":
      return applyNetworkStep(engine, step);
    case "prepare-spool":
      return done({ ...engine, spools: { ...engine.spools, [step.project]: step.config } });
    case "remove-spool":
      return done({ ...engine, spools: omit(engine.spools, step.project) });
    case "configure-agents":
      return engine.runners[step.project] === undefined
        ? refused("runner not connected")
        : done({
            ...engine,
            runners: { ...engine.runners, [step.project]: { hash: step.config.hash } },
          });
    case "settle-runs":
      return done({
        ...engine,
        openRuns: engine.openRuns.filter((project) => project !== step.project),
      });
    case "release-subnet":
    case "settle-phase":
      return done(engine);
    case "create-container":
    case "start-container":
    case "update-container":
    case "pause-container":
    case "thaw-container":
    case "stop-container":
    case "remove-container":
      return applyContainerStep(engine, step);
  }
}

type NetworkStep = Extract<Step, { kind: `${string}-network` }>;
type ContainerStep = Extract<Step, { kind: `${string}-container` }>;

function applyNetworkStep(engine: FakeEngine, step: NetworkStep): Effect {
  if (step.kind === "create-network") {
    const holder = engine.networks.find(({ name }) => name === step.network.name);
    if (holder !== undefined) {
      const { subnet, egress } = step.network;
      const same =
        holder.project === step.project && holder.subnet === subnet && holder.egress === egress;
      return same ? done(engine) : refused("network name taken");
    }
    if (engine.networks.some(({ subnet }) => subnet === step.network.subnet))
      return refused("subnet overlaps");
    const network = { ...step.network, id: `n${engine.nextId}`, project: step.project };
    return done({ ...engine, nextId: engine.nextId + 1, networks: [...engine.networks, network] });
  }
  if (step.kind === "remove-network") {
    mine(
      engine.networks.find(({ id }) => id === step.networkId),
      step,
    );
    const used = engine.containers.some(
      ({ state, networkIds }) => isLive(state) && networkIds.includes(step.networkId),
    );
    return used
      ? refused("network has active endpoints")
      : done({ ...engine, networks: withoutId(engine.networks, step.networkId) });
  }
  const container = engine.containers.find(({ id }) => id === step.containerId);
  mine(container, step);
  if (container === undefined) return refused("no such container");
  const network = engine.networks.find(({ id }) => id === step.networkId);
  if (step.kind === "disconnect-network") {
    const networkIds = container.networkIds.filter((id) => id !== step.networkId);
    const networkName = network?.name === container.networkName ? null : container.networkName;
    return done(changeContainer(engine, container.id, { networkIds, networkName }));
  }
  mine(network, step);
  if (network === undefined) return refused("no such network");
  const networkIds = [...new Set([...container.networkIds, network.id])];
  return done(changeContainer(engine, container.id, { networkIds, networkName: network.name }));
}

function applyContainerStep(engine: FakeEngine, step: ContainerStep): Effect {
  if (step.kind === "create-container") return create(engine, step);
  // The id a plan does not know yet is that of the container with the project's name: act remembers it.
  const container = engine.containers.find(
    ({ id, name, project }) =>
      id === step.containerId ||
      (step.containerId === null && project === step.project && name.endsWith(`-${step.project}`)),
  );
  mine(container, step);
  if (container === undefined) {
    return step.kind === "remove-container" || step.kind === "stop-container"
      ? done(engine)
      : refused("no such container");
  }
  const { id, state } = container;
  switch (step.kind) {
    case "start-container":
      return start(engine, container);
    case "update-container": {
      const updated = changeContainer(engine, id, { limits: step.limits, pinned: AS_CREATED });
      const killed = isLive(state) && step.limits.memoryBytes < engine.usageBytes;
      return done(killed ? die(updated, id, 137) : updated);
    }
    case "pause-container":
      return state === "running" || state === "paused"
        ? done(changeContainer(engine, id, { state: "paused" }))
        : refused("not running");
    case "thaw-container":
      return state === "paused"
        ? done(changeContainer(engine, id, { state: "running" }))
        : done(engine);
    case "stop-container":
      // A frozen one waits out its grace and is killed.
      return done(isLive(state) ? die(engine, id, state === "paused" ? 137 : 0) : engine);
    case "remove-container":
      // Forced, as the door does it: plans stop a container first, and checks see to that.
      return done({ ...die(engine, id, 137), containers: withoutId(engine.containers, id) });
  }
}

function create(engine: FakeEngine, step: Extract<Step, { kind: "create-container" }>): Effect {
  const { container } = step;
  const holder = engine.containers.find(({ name }) => name === container.name);
  if (holder !== undefined) {
    return holder.project === step.project && holder.specHash === container.specHash
      ? done(engine)
      : refused("name taken");
  }
  const imageId = engine.images[container.image];
  if (imageId === undefined) return refused("no such image");
  const absent = container.mounts.find(
    ({ kind, source }) =>
      kind === "volume" &&
      source.includes(".") &&
      !engine.volumes.some(({ name }) => name === source),
  );
  if (absent !== undefined) return refused(`no volume ${absent.source}`);
  const made: FakeContainer = {
    id: `c${engine.nextId}`,
    name: container.name,
    project: step.project,
    image: container.image,
    imageId,
    state: "created",
    specHash: container.specHash,
    generation: Number(container.labels["berth.generation"]),
    limits: container.limits,
    pinned: AS_CREATED,
    tmpfsBytes: heldBytes(container.tmpfs),
    networkIds: [],
    networkName: container.networkName,
    exitCode: null,
    createdAt: engine.nextId,
  };
  return done({ ...engine, nextId: engine.nextId + 1, containers: [...engine.containers, made] });
}

function start(engine: FakeEngine, container: FakeContainer): Effect {
  const { id, state, project } = container;
  if (isLive(state)) return done(engine);
  const spool = project === null ? undefined : engine.spools[project];
  if (project === null || spool === undefined) return refused("no spool directory");
  const named = engine.networks.find(({ name }) => name === container.networkName);
  const remembered = container.networkIds.length > 0 ? container.networkIds : [named?.id ?? "gone"];
  const networkIds =
    container.networkIds.length === 0 && container.networkName === null ? [] : remembered;
  const present = networkIds.every((wanted) =>
    engine.networks.some((network) => network.id === wanted),
  );
  if (!present) return refused("network not found");
  const running = changeContainer(engine, id, { state: "running", networkIds, exitCode: null });
  return done({
    ...running,
    runners: { ...engine.runners, [project]: { hash: spool?.hash ?? null } },
    openRuns: [...new Set([...engine.openRuns, project])],
  });
}

/** The container's main process ends, and the runner with it. */
export function die(engine: FakeEngine, id: string, exitCode: number): FakeEngine {
  const project = engine.containers.find((container) => container.id === id)?.project ?? "";
  return {
    ...changeContainer(engine, id, { state: "exited", exitCode }),
    runners: omit(engine.runners, project),
  };
}

export function changeContainer(
  engine: FakeEngine,
  id: string,
  change: Partial<FakeContainer>,
): FakeEngine {
  return {
    ...engine,
    containers: engine.containers.map((each) => (each.id === id ? { ...each, ...change } : each)),
  };
}

function mine(target: Readonly<{ project: string | null }> | undefined, step: Step): void {
  if (target !== undefined && target.project !== step.project) {
    throw new Error(
      `acts on what belongs to ${target.project ?? "somebody else"}: ${step.kind} of ${step.project}`,
    );
  }
}

function done(engine: FakeEngine): Effect {
  return { ok: true, engine };
}

function refused(error: string): Effect {
  return { ok: false, error };
}

function without(volumes: readonly FakeVolume[], name: string): readonly FakeVolume[] {
  return volumes.filter((volume) => volume.name !== name);
}

function withoutId<T extends Readonly<{ id: string }>>(
  objects: readonly T[],
  id: string,
): readonly T[] {
  return objects.filter((each) => each.id !== id);
}

function omit<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
