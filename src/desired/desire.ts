/** From what is recorded of one project, who we are and what was granted, to everything the project is to be. */
import type { ContainerWish, NetworkSpec } from "../model/desired.ts";
import type { DesiredProject, InstallFacts } from "../model/desired-project.ts";
import type { IdleStand } from "../model/idle.ts";
import type { ProjectSpec } from "../model/project.ts";
import type { ProjectRecord } from "../model/project-record.ts";
import type { Allocation } from "../model/quota.ts";
import { desireContainer, desireStorage } from "./container.ts";
import { bridgeName, objectName } from "./names.ts";
import { desireRunnerConfig, type ImageDefaults, type Owner } from "./runner-config.ts";

/** The runner needs a moment after its slowest agent to write the last records. */
const RUNNER_GRACE_MS = 5_000;

export interface ProjectFacts {
  /** Null while the image is not on this host. */
  readonly image: ImageDefaults | null;
  /** Null for a project that asks for nothing (it is not to run). */
  readonly allocation: Allocation | null;
  /** Owner of a path workspace; null for other workspaces, or when the path cannot be read. */
  readonly workspaceOwner: Owner | null;
  /** Null: neither at rest nor waking. */
  readonly idle: IdleStand | null;
}

/** Same arguments, same answer; what cannot be said yet is null and `waiting` names why. */
export function desireProject(
  record: ProjectRecord,
  install: InstallFacts,
  facts: ProjectFacts,
): DesiredProject {
  const { spec } = record;
  const idle = mayRest(record) ? facts.idle : null;
  const wish = wishOf(record, idle);
  const present = wish !== "absent";
  const stopGraceMs = stopGraceOf(spec);
  const workspaceFault = present ? faultOfWorkspace(record, facts.workspaceOwner) : null;
  const network = present ? desireNetwork(record, install) : null;
  const image = workspaceFault === null ? facts.image : null;
  const storage = present ? desireStorage(spec, install, facts.image?.volumes ?? []) : null;
  const memoryBytes =
    facts.allocation?.admitted === true ? facts.allocation.memoryBytes : spec.limits.memoryBytes;
  return {
    project: record.name,
    generation: record.generation,
    wanted: record.phase === "removing" ? "removed" : record.wanted,
    phase: record.phase,
    wish,
    idle,
    image: spec.image,
    imageId: facts.image?.id ?? null,
    egress: spec.network.egress,
    objectName: objectName(install.install, record.name),
    container:
      storage === null || image === null || network === null
        ? null
        : desireContainer(record, install, { storage, memoryBytes, stopGraceMs }),
    network,
    volumes: storage?.volumes ?? [],
    runnerConfig:
      present && image !== null
        ? desireRunnerConfig(record, install, { image, workspaceOwner: facts.workspaceOwner })
        : null,
    admitted: facts.allocation?.admitted ?? false,
    waiting: wish === "running" ? waitingOf(facts.allocation, network, workspaceFault) : [],
    removeVolumes: record.removeVolumes,
    stopGraceMs,
  };
}

/** How long a container needs to stop: its slowest agent, then its runner. */
export function stopGraceOf({ agents }: ProjectSpec): number {
  return Math.max(0, ...Object.values(agents).map((agent) => agent.stopGraceMs)) + RUNNER_GRACE_MS;
}

/** On its way anywhere it runs: what was changed must be seen to work. */
function mayRest({ wanted, phase }: ProjectRecord): boolean {
  return wanted === "active" && phase === "active";
}

/** `removing` has no way back, so it wins over whatever is wanted. */
function wishOf(record: ProjectRecord, idle: IdleStand | null): ContainerWish {
  if (record.phase === "removing" || record.phase === "removed") return "absent";
  switch (record.wanted) {
    case "active":
      return idle?.kind === "resting" ? idle.rest : "running";
    case "frozen":
      return "frozen";
    case "stopped":
      return "stopped";
    case "inactive":
    case "completed":
    case "removed":
      return "absent";
  }
}

function desireNetwork(record: ProjectRecord, install: InstallFacts): NetworkSpec | null {
  if (record.subnet === null) return null;
  return {
    name: objectName(install.install, record.name),
    subnet: record.subnet,
    egress: record.spec.network.egress,
    bridge: bridgeName(install.bridgePrefix, record.name),
  };
}

/** Agents of a path workspace run as its owner; root is refused, and so is a path nobody could look at. */
function faultOfWorkspace(record: ProjectRecord, owner: Owner | null): string | null {
  const { workspace } = record.spec;
  if (workspace.kind !== "path") return null;
  if (owner === null) return `workspace: ${workspace.path} cannot be read`;
  return owner.uid === 0
    ? `workspace: ${workspace.path} belongs to root, and agents run as its owner`
    : null;
}

function waitingOf(
  allocation: Allocation | null,
  network: NetworkSpec | null,
  workspaceFault: string | null,
): readonly string[] {
  return [
    allocation === null ? "capacity: not decided yet" : allocation.waiting,
    // A project that is not admitted has no subnet either: that is no second thing to wait for.
    network === null && allocation?.admitted === true ? "network: no subnet allocated yet" : null,
    workspaceFault,
  ].filter((reason) => reason !== null);
}
