/** What readers see: the shapes behind `ps`, `describe`, `/readyz` and the API. `schema` holds the same shapes as zod, proven equal. */
import type { AgentStatus } from "./agent.ts";
import type { Rest } from "./idle.ts";
import type { Phase, Wanted } from "./lifecycle.ts";
import type { LimitValues } from "./desired.ts";
import type { NeedsYou } from "./question.ts";
import type { RunningProgress } from "./task-view.ts";
import type { DeclaredChange, StepBase } from "./step.ts";

/** Named degraded modes. `repairs-waiting`: Postgres is gone, so nothing on the engine is changed. */
export type ModeName =
  | "engine-gone"
  | "redis-gone"
  | "postgres-gone"
  | "repairs-waiting"
  | "disk-low"
  | "firewall-unverified"
  | "standby"
  | "foreign-install"
  | "mass-orphans"
  | "declaration-refused";

export interface Mode {
  readonly name: ModeName;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly detail: string;
}

/** The one word of `ps`, worst first. */
export type HealthWord =
  | "healthy"
  | "starting"
  | "unhealthy"
  | "crash-loop"
  | "waiting"
  | "failed"
  | "frozen"
  | "stopped"
  | "unknown";

export interface ProjectView {
  readonly name: string;
  readonly phase: Phase;
  readonly phaseSince: number;
  readonly wanted: Wanted;
  readonly health: HealthWord;
  /** Why it is not simply healthy, each a sentence: "waiting: capacity (needs 512 MiB, 100 MiB free)". */
  readonly reasons: readonly string[];
  /** What the daemon did to it for want of work, and when its last work ended; null while it is not at rest. */
  readonly idle: Rest | null;
  readonly generation: number;
  readonly priority: number;
  readonly weight: number;
  readonly image: string;
  readonly containerId: string | null;
  readonly containerState: string | null;
  readonly subnet: string | null;
  readonly egress: string;
  readonly limits: LimitValues;
  readonly usage: Readonly<{
    memoryBytes: number | null;
    cpuMs: number | null;
    cpuPercent: number | null;
    pids: number | null;
    oomKills: number | null;
  }>;
  readonly agents: readonly AgentStatus[];
  /** What its agents ask people. */
  readonly needsYou: NeedsYou;
  /** Running tasks that say how far they are. */
  readonly progress: readonly RunningProgress[];
  /** Age of what is known about the inside, in ms; null when nothing is known. */
  readonly heardAgoMs: number | null;
  /** Last error of an engine operation on this project. */
  readonly fault: Readonly<{ code: string; detail: string; at: number }> | null;
}

export interface StepView extends StepBase {
  readonly kind: string;
}

/** What would be done for one project, and why. */
export interface ProjectPlan {
  readonly project: string;
  readonly change: "create" | "update" | "none" | "deactivate" | "repair";
  /** Declared values that differ, old and new. */
  readonly fields: readonly DeclaredChange[];
  readonly steps: readonly StepView[];
  readonly waiting: readonly string[];
}

export interface PlanView {
  /** The generation the plan was made against. */
  readonly baseGeneration: number;
  /** Hash over the rendered steps: `apply` refuses (75) when it differs. */
  readonly fingerprint: string;
  readonly projects: readonly ProjectPlan[];
  /** Projects of the same source that the bundle no longer names; only `--prune` touches them. */
  readonly unnamed: readonly string[];
  readonly changes: boolean;
}

export interface ApplyView {
  readonly generation: number;
  readonly changed: boolean;
  readonly unnamed: readonly string[];
  readonly pruned: readonly string[];
  /** Projects that are declared otherwise than before, in order. */
  readonly changedProjects: readonly string[];
  /** Those of them that an operator put aside (frozen, stopped, completed): the change waits until they run again. */
  readonly deferred: readonly string[];
  /** Projects that are not yet where they are to be, changed now or not; `apply --wait` follows them through events and `ps`. */
  readonly projects: readonly string[];
}

export interface RemovedView {
  readonly project: string;
  /** One line an object: "container berth-main-web", "subnet 10.201.0.16/28", "volume berth-main-web.web (data)". */
  readonly freed: readonly string[];
  readonly kept: readonly string[];
}

export interface ReadyView {
  readonly ready: boolean;
  readonly role: "leader" | "standby" | "starting";
  readonly epoch: number | null;
  readonly install: string;
  readonly installUid: string | null;
  readonly version: string;
  readonly dependencies: readonly Readonly<{
    name: "engine" | "postgres" | "redis" | "firewall" | "disk";
    ok: boolean;
    detail: string;
    since: number;
  }>[];
  readonly modes: readonly Mode[];
}

export interface DoctorCheck {
  readonly name: string;
  readonly verdict: "ok" | "warn" | "fail" | "unknown";
  readonly detail: string;
  readonly mend: string | null;
}

export interface HostView {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly budgetBytes: number | null;
  readonly reservedBytes: number;
  readonly projects: number;
  readonly agents: number;
  readonly generation: number;
}

export interface GarbageView {
  readonly removed: readonly string[];
  readonly kept: readonly Readonly<{ object: string; why: string }>[];
  readonly dryRun: boolean;
}
