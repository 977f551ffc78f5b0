/** A task: accepted work for a worker agent, durable before it is acknowledged, ended by exactly one terminal state. */

export const TASK_STATES = [
  "pending", // waits for other tasks, or for its next attempt's backoff
  "ready", // waits for a slot
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "timed-out",
  "lost",
  "dead", // used up its retries: kept until somebody retries it
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** The one transition table; guarded in the database by the same rows. Retrying by hand leads back to `ready`. */
export const TASK_MOVES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: ["ready", "cancelled", "timed-out", "dead"],
  ready: ["running", "pending", "cancelled", "timed-out"],
  running: ["succeeded", "failed", "cancelled", "timed-out", "lost", "dead", "pending", "ready"],
  succeeded: [],
  failed: ["ready"],
  cancelled: [],
  "timed-out": ["ready"],
  lost: ["ready"],
  dead: ["ready"],
};

export function mayMoveTask(from: TaskState, to: TaskState): boolean {
  return TASK_MOVES[from].includes(to);
}

export function isTerminal(state: TaskState): boolean {
  return !["pending", "ready", "running"].includes(state);
}

/** How one attempt ended. */
export type AttemptOutcome = "succeeded" | "failed" | "cancelled" | "timed-out" | "lost";

/** What an agent declares about its tasks (`on: task`). */
export interface TaskPolicy {
  /** Slots that are kept for this agent whatever others want. */
  readonly min: number;
  /** Most processes at once. */
  readonly max: number;
  /** One attempt. */
  readonly timeoutMs: number;
  readonly retries: Readonly<{ max: number; backoffMs: number }>;
}

export interface TaskRequest {
  readonly project: string;
  readonly agent: string;
  /** JSON, at most 256 KiB as text. */
  readonly payload: unknown;
  /** 0..1000; null: the project's. */
  readonly priority: number | null;
  /** Milliseconds since the epoch; past it the task is `timed-out` without being started. */
  readonly deadlineAt: number | null;
  /** The same as it was said, from submission on, where it was; a repeat under its key says the same, whatever the time. */
  readonly deadlineMs: number | null;
  readonly tags: readonly string[];
  /** 1..10, an estimate by whoever submits. */
  readonly complexity: number;
  /** Ids of tasks of the same project that must have succeeded. */
  readonly after: readonly string[];
  readonly idempotencyKey: string | null;
}

export interface TaskRecord {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly state: TaskState;
  /** Why it is in this state, for people; null when the state says it all. */
  readonly reason: string | null;
  readonly payload: unknown;
  readonly result: unknown;
  readonly priority: number;
  readonly complexity: number;
  readonly deadlineAt: number | null;
  readonly tags: readonly string[];
  readonly after: readonly string[];
  readonly attempts: number;
  /** Attempts allowed: 1 + retries.max at submission. */
  readonly maxAttempts: number;
  readonly submittedAt: number;
  /** Since when it waits for a slot. */
  readonly readyAt: number | null;
  /** Not before this time (backoff). */
  readonly notBefore: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The run of the latest attempt. */
  readonly run: string | null;
}

/** A task that ended or went back to wait. */
export interface SettledTask extends TaskRecord {
  /** How its attempt ended, which its state does not tell while retries are left; absent: it ended while it waited. */
  readonly outcome?: AttemptOutcome;
}

/** What the allocator needs to know of a waiting task. */
export interface WaitingTask {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly priority: number;
  readonly complexity: number;
  readonly deadlineAt: number | null;
  readonly readyAt: number;
}

/** Ids are decimal numbers as text, and the shorter one is the smaller. */
export function isOlderId(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

export const MAX_PAYLOAD_BYTES = 262_144;
