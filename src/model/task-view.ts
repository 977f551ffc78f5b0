/** What readers see of tasks, of the queue, of decisions and of ends: the shapes behind `task`, `queue`, `explain` and `why`. */
import type { ErrorKind } from "../base/errors.ts";
import type { StrategyName } from "./project.ts";
import type { AttemptOutcome, TaskRecord } from "./task.ts";

/** What a running task last said of itself by `berth-agent progress`. */
export interface TaskProgress {
  /** 0..1. */
  readonly fraction: number;
  readonly text: string;
}

/** Of a task that runs, beside its project. */
export interface RunningProgress extends TaskProgress {
  readonly task: string;
  readonly agent: string;
}

/** When the process of a task's latest attempt ran, by its runner's clock; `until` null: it still does. */
export interface TaskSpan {
  readonly from: number;
  readonly until: number | null;
}

/** A task in a list: without payload and result, which may be 256 KiB each. */
export interface TaskSummary extends Omit<TaskRecord, "payload" | "result"> {
  readonly progress: TaskProgress | null;
  /** Null: no attempt has begun; what a write answers does not look for it. */
  readonly ran: TaskSpan | null;
}

export interface TaskView extends TaskRecord {
  readonly progress: TaskProgress | null;
  readonly ran: TaskSpan | null;
}

/** One try at a task. */
export interface AttemptView {
  readonly run: string;
  /** 1-based. */
  readonly attempt: number;
  /** When it got its slot. */
  readonly claimedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Null while it lasts. */
  readonly outcome: AttemptOutcome | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
}

/** What became of one submission; `fresh` is false when its idempotency key was known and nothing new was queued. */
export type Submitted =
  | Readonly<{ ok: true; task: TaskSummary; fresh: boolean }>
  | Readonly<{ ok: false; kind: ErrorKind; code: string; detail: string; hint?: string }>;

/** A task that waits, as it stands in line. */
export interface QueueRow {
  readonly task: string;
  readonly project: string;
  readonly agent: string;
  /** 1 is next among all that wait, as things are now. */
  readonly position: number;
  readonly priority: number;
  readonly waitingMs: number;
  /** What binds, a sentence: `pool: 16 of 16 slots taken`. */
  readonly constraint: string;
  /** Until it starts, and how far off that may be; null: nothing measured yet. */
  readonly estimateMs: number | null;
  readonly errorMs: number | null;
}

/** One worker agent's share of the pool. */
export interface WorkerRow {
  readonly project: string;
  readonly agent: string;
  readonly running: number;
  readonly waiting: number;
  readonly min: number;
  readonly max: number;
  /** How many it may run now, between `min` and `max`. */
  readonly target: number;
  readonly breaker: "closed" | "open" | "half-open";
}

export interface QueueView {
  readonly strategy: StrategyName;
  readonly slots: number;
  readonly taken: number;
  /** All that wait, also those beyond `items`. */
  readonly waiting: number;
  readonly workers: readonly WorkerRow[];
  /** In order, at most as many as were asked for. */
  readonly items: readonly QueueRow[];
}

/** One decision about a slot or a worker count, with the numbers that led to it. */
export interface DecisionView {
  readonly at: number;
  readonly project: string;
  readonly agent: string;
  readonly task: string | null;
  /** A sentence: `got a slot by weighted-round-robin`. */
  readonly text: string;
  readonly why: Readonly<Record<string, number>>;
}

export interface ExplainView {
  readonly subject: string;
  readonly kind: "project" | "agent" | "task";
  readonly state: string;
  /** What binds; null when nothing does. */
  readonly constraint: string | null;
  /** What would have to happen for it to start now; null when it runs or has ended. */
  readonly wouldStart: string | null;
  readonly estimateMs: number | null;
  readonly errorMs: number | null;
  /** Newest first. */
  readonly decisions: readonly DecisionView[];
}

/** Why something ended as it did, kept after its container is gone; what was not recorded is null or empty. */
export interface WhyView {
  readonly task: string | null;
  readonly run: string | null;
  readonly project: string;
  readonly agent: string;
  readonly outcome: string;
  /** The answer in a sentence. */
  readonly text: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oom: boolean;
  /** Kills by the counter of the project's container, as last heard; null: none is heard. */
  readonly oomKills: number | null;
  readonly memoryLimitBytes: number | null;
  /** Memory of the container while it ran, oldest first. */
  readonly memory: readonly Readonly<{ at: number; bytes: number }>[];
  readonly lastLines: readonly Readonly<{
    at: number;
    stream: "stdout" | "stderr";
    text: string;
  }>[];
  /** What it said by `berth-agent note`, and what else was recorded about it, oldest first. */
  readonly notes: readonly Readonly<{ at: number; text: string }>[];
  readonly decisions: readonly DecisionView[];
}
