/** One step of a plan: one outside call with one cause. The union is closed; every kind has an act, a rendering and a golden. */
import type { Phase } from "./lifecycle.ts";
import type { ContainerSpec, LimitValues, NetworkSpec, RunnerConfig } from "./desired.ts";

/** What a step does to what runs: `data` destroys something kept. */
export type Impact = "none" | "live" | "restart" | "data";

/** A declared value, old and new, as a declaration would write it; null where it says nothing. */
export interface DeclaredChange {
  /** Its path: `agents.coder.stop_grace_period`. */
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface FieldChange {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** Everything every step carries. `after` names steps of the same plan that must have succeeded first. */
export interface StepBase {
  /** 1-based within its plan. */
  readonly id: number;
  readonly after: readonly number[];
  readonly project: string;
  /** `container:web`, `network:web`, `volume:web.data`, `agent:web/coder`, `project:web`. */
  readonly resource: string;
  readonly cause: string;
  readonly impact: Impact;
  readonly changes: readonly FieldChange[];
  /** Agents whose processes this step interrupts. */
  readonly interrupts: readonly string[];
  /** The drift that made it necessary was made by somebody else. */
  readonly external: boolean;
}

export type StepAction =
  | Readonly<{ kind: "ensure-image"; image: string }>
  | Readonly<{ kind: "create-volume"; volume: string; name: string }>
  | Readonly<{ kind: "remove-volume"; name: string }>
  | Readonly<{ kind: "create-network"; network: NetworkSpec }>
  | Readonly<{ kind: "remove-network"; networkId: string }>
  | Readonly<{ kind: "connect-network"; containerId: string; networkId: string }>
  | Readonly<{ kind: "disconnect-network"; containerId: string; networkId: string }>
  | Readonly<{ kind: "prepare-spool"; config: RunnerConfig }>
  | Readonly<{ kind: "remove-spool" }>
  | Readonly<{ kind: "create-container"; container: ContainerSpec }>
  /** `containerId` null: the container created earlier in this plan. */
  | Readonly<{ kind: "start-container"; containerId: string | null }>
  | Readonly<{ kind: "update-container"; containerId: string; limits: LimitValues }>
  | Readonly<{ kind: "pause-container"; containerId: string }>
  | Readonly<{ kind: "thaw-container"; containerId: string }>
  | Readonly<{ kind: "stop-container"; containerId: string; graceMs: number }>
  | Readonly<{ kind: "remove-container"; containerId: string }>
  | Readonly<{ kind: "configure-agents"; config: RunnerConfig }>
  /** Runs that ended without the runner being able to say how. */
  | Readonly<{ kind: "settle-runs"; reason: string }>
  | Readonly<{ kind: "release-subnet" }>
  | Readonly<{ kind: "settle-phase"; from: Phase; to: Phase }>;

export type StepKind = StepAction["kind"];
export type Step = StepBase & StepAction;

/** The step of one kind; types executors and renderers so that none can be forgotten. */
export type StepOf<K extends StepKind> = StepBase & Extract<StepAction, { kind: K }>;

export type Outcome =
  | Readonly<{ step: number; kind: "done"; note: string | null }>
  | Readonly<{ step: number; kind: "failed"; code: string; detail: string; errorKind: string }>
  | Readonly<{ step: number; kind: "skipped"; reason: string }>;

export interface Plan {
  readonly project: string;
  readonly generation: number;
  readonly steps: readonly Step[];
  /** What the plan waits for instead of acting, for people: "waiting: capacity (needs 512 MiB, 100 MiB free)". */
  readonly waiting: readonly string[];
}
