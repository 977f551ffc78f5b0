/** Observed state: one immutable snapshot of engine, runners and records; it makes no choice. */
import type { AgentStatus } from "./agent.ts";
import type { LimitValues } from "./desired.ts";
import type { PinnedValues } from "./pinned.ts";

/** Labels we set, read back; null where the label is missing or not readable. */
export interface OwnLabels {
  readonly install: string | null;
  readonly installUid: string | null;
  readonly project: string | null;
  readonly generation: number | null;
  readonly specHash: string | null;
  readonly epoch: number | null;
}

export type ContainerState =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly state: ContainerState;
  readonly own: OwnLabels;
  /** Ids of networks it is attached to (or was, when stopped). */
  readonly networkIds: readonly string[];
  readonly networkNames: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What only an inspect tells; cached per container id until an event names the container. */
export interface InspectedContainer {
  readonly id: string;
  readonly limits: LimitValues;
  readonly pinned: PinnedValues;
  /** What its tmpfs but /dev/shm may hold together; fixed when it was created. */
  readonly tmpfsBytes: number;
  /** How long the engine waits when somebody else stops it; fixed when it was created. */
  readonly stopTimeoutSeconds: number;
  readonly pid: number;
  readonly startedAt: string;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** `CgroupnsMode`, mounts and the rest stay in the engine. */
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  readonly own: OwnLabels;
  readonly subnet: string | null;
  readonly internal: boolean;
  readonly bridge: string | null;
  readonly egress: string | null;
}

export interface ObservedVolume {
  readonly name: string;
  readonly own: OwnLabels;
  /** `berth.role`: spool, runner, data. */
  readonly role: string | null;
}

/** Cgroup facts the runner reads from inside; null where this kernel does not tell. */
export interface CgroupSample {
  readonly at: number;
  readonly version: 1 | 2;
  readonly memoryLimitBytes: number | null;
  readonly memoryUsageBytes: number | null;
  readonly memoryWorkingSetBytes: number | null;
  readonly cpuUsageMs: number | null;
  readonly cpuQuota: number | null;
  readonly cpuShares: number | null;
  readonly cpuThrottledMs: number | null;
  readonly pidsCurrent: number | null;
  readonly pidsLimit: number | null;
  readonly oomKills: number | null;
}

/** A connected runner's last word. */
export interface RunnerReport {
  readonly project: string;
  readonly bootId: string;
  readonly epoch: number;
  readonly configHash: string | null;
  /** A frozen runner cannot answer; its report is as old as this says. */
  readonly heardAt: number;
  readonly agents: readonly AgentStatus[];
  readonly sample: CgroupSample | null;
  readonly workspace: "pending" | "ready" | "failed";
  readonly workspaceDetail: string | null;
  readonly missingSecrets: readonly string[];
  readonly restartSerials: Readonly<Record<string, number>>;
  /** Runs of tasks whose process lives. */
  readonly taskRuns: readonly string[];
  /** The journal's last number when this was said; null: this runner does not say it. */
  readonly journalSeq: number | null;
}

/** A container runs and its runner is not heard. */
export interface Silence {
  readonly container: string;
  /** Milliseconds since the epoch: when it was first noticed. */
  readonly since: number;
  /** For how long, in time the daemon lived through, as counted when its own clock said `countedAt`. */
  readonly ms: number;
  readonly countedAt: number;
  /** So long that it was told: it hardly ends by itself. */
  readonly told: boolean;
}

export interface EngineFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly version: string;
  readonly apiVersion: string;
  readonly cgroupVersion: 1 | 2;
  readonly liveRestore: boolean;
  readonly storageDriver: string;
  readonly dataRoot: string;
  readonly securityOptions: readonly string[];
}

/** The engine as one relist shows it: every container, network and volume, ours or not. */
export interface EngineSnapshot {
  readonly at: number;
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedNetwork[];
  readonly volumes: readonly ObservedVolume[];
}

/** One engine event, already translated. */
export interface EngineEvent {
  readonly at: number;
  readonly type: "container" | "network" | "image";
  readonly action: string;
  readonly id: string;
  readonly name: string | null;
  readonly own: OwnLabels;
  readonly attributes: Readonly<Record<string, string>>;
}
