/** What becomes of a task when an attempt of it ends; pure. */
import { backoffMs, jittered } from "../base/backoff.ts";
import type { AttemptOutcome, TaskState } from "../model/task.ts";

/** As recorded, locked. */
export interface OpenAttempt {
  readonly run: string;
  readonly task: string;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly cancelAsked: boolean;
  /** Of the task; while cancelling: who asked for it. */
  readonly reason: string | null;
  /** Its project is being removed. */
  readonly leaving: boolean;
}

export interface AttemptEnd {
  readonly run: string;
  readonly outcome: AttemptOutcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly result: unknown;
  readonly reason: string | null;
  /** 0..1 */
  readonly jitter: number;
  /** Milliseconds since the epoch; null: told before, or never. */
  readonly startedAt: number | null;
  /** Milliseconds since the epoch; null: now. */
  readonly endedAt: number | null;
}

export interface Next {
  readonly state: TaskState;
  readonly reason: string | null;
  /** Until the next attempt may begin; 0 when there is none. */
  readonly waitMs: number;
}

/** Why tasks end with their project. */
export const REMOVED = "project removed";

/** No backoff grows beyond an hour: a machine that was mended over lunch goes on by itself. */
const BACKOFF_MAX_MS = 3_600_000;

/**
 * What succeeded stays so, even if its cancellation was under way. A project that is being removed takes its tasks along. A task that may not be tried again ends as its attempt did;
 * one that used up retries is dead.
 */
export function nextOf(open: OpenAttempt, end: AttemptEnd): Next {
  if (end.outcome === "succeeded") return { state: "succeeded", reason: end.reason, waitMs: 0 };
  if (end.outcome === "cancelled" || open.cancelAsked) {
    const asked = open.cancelAsked ? open.reason : null;
    return { state: "cancelled", reason: asked ?? end.reason, waitMs: 0 };
  }
  if (open.leaving) return { state: "cancelled", reason: REMOVED, waitMs: 0 };
  if (open.attempts < open.maxAttempts) {
    const wait = backoffMs(open.backoffMs, BACKOFF_MAX_MS, open.attempts);
    return { state: "pending", reason: wordsOf(open, end), waitMs: jittered(wait, end.jitter) };
  }
  if (open.maxAttempts === 1) return { state: end.outcome, reason: howOf(end), waitMs: 0 };
  return { state: "dead", reason: wordsOf(open, end), waitMs: 0 };
}

function wordsOf(open: OpenAttempt, end: AttemptEnd): string {
  const how = howOf(end);
  return `attempt ${open.attempts} of ${open.maxAttempts} ${end.outcome}${how === null ? "" : `: ${how}`}`;
}

function howOf({ reason, signal, exitCode }: AttemptEnd): string | null {
  if (reason !== null) return reason;
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null ? null : `exit code ${exitCode}`;
}
