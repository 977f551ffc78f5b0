/** What a stretch of a runner's journal says of attempts of tasks; pure. */
import { sha256 } from "../base/hash.ts";
import type { ExitCause, JournalEvent } from "../model/run.ts";
import type { AttemptOutcome } from "../model/task.ts";
import type { AttemptEnd } from "./attempt-next.ts";

export interface AttemptStart {
  readonly run: string;
  readonly at: number;
}

/** Runs that are attempts say so when they start. */
export function attemptStartsOf(events: readonly JournalEvent[]): readonly AttemptStart[] {
  return events.flatMap((event) =>
    event.kind === "started" && event.task !== undefined ? [{ run: event.run, at: event.at }] : [],
  );
}

/** How every run would end as an attempt; one end a run: the first that is told. Which of them are attempts the records know. */
export function attemptEndsOf(events: readonly JournalEvent[]): readonly AttemptEnd[] {
  const starts = new Map(attemptStartsOf(events).map(({ run, at }) => [run, at]));
  const ends = new Map<string, AttemptEnd>();
  for (const event of events) {
    const end = endOf(event);
    if (end === null || ends.has(end.run)) continue;
    ends.set(end.run, { ...end, startedAt: starts.get(end.run) ?? null });
  }
  return [...ends.values()];
}

/** How a run ends that nobody can tell the end of. */
export function lostEndOf(run: string, reason: string): AttemptEnd {
  return { ...unknownEnd(run), outcome: "lost", reason };
}

function endOf(event: JournalEvent): AttemptEnd | null {
  if (event.kind === "exited") return exitOf(event);
  if (event.kind === "start-failed")
    return { ...unknownEnd(event.run), outcome: "failed", reason: event.reason, endedAt: event.at };
  if (event.kind === "lost") return { ...lostEndOf(event.run, event.reason), endedAt: event.at };
  return null;
}

type Exit = Extract<JournalEvent, { kind: "exited" }>;

function exitOf(event: Exit): AttemptEnd {
  return {
    ...unknownEnd(event.run),
    outcome: outcomeOf(event),
    exitCode: event.code,
    signal: event.signal,
    result: event.result,
    reason: reasonOf(event),
    endedAt: event.at,
  };
}

/**
 * Whatever we meant to do to it, a process that ended with code 0 did its work, and it is not done twice. Any other that
 * we stopped says nothing of the work: it is lost with its container, as if that had died.
 */
function outcomeOf({ cause, code }: Exit): AttemptOutcome {
  if (cause === "cancel") return "cancelled";
  if (cause === "timeout") return "timed-out";
  if (code === 0) return "succeeded";
  return cause === "self" || cause === "unhealthy" ? "failed" : "lost";
}

const WORDS: Readonly<Record<ExitCause, string | null>> = {
  self: null,
  cancel: "cancelled",
  timeout: "ran longer than its timeout",
  stop: "stopped with its agent",
  restart: "stopped for a restart",
  unhealthy: "stopped as unhealthy",
  config: "stopped for a new configuration",
  shutdown: "stopped with its container",
};

function reasonOf({ cause, code, oom, resultFault }: Exit): string | null {
  if (oom && code !== 0) return "out of memory";
  const words = code === 0 && cause !== "cancel" && cause !== "timeout" ? null : WORDS[cause];
  return words ?? (resultFault === undefined ? null : `its result was not kept: ${resultFault}`);
}

function unknownEnd(run: string): Omit<AttemptEnd, "outcome"> {
  const nothing = { exitCode: null, signal: null, result: null, reason: null };
  return { ...nothing, startedAt: null, endedAt: null, run, jitter: jitterOf(run) };
}

/** In [0, 1), the same for the same run, so that a journal told again would wait as long. */
function jitterOf(run: string): number {
  return Number.parseInt(sha256(run).slice(0, 8), 16) / 2 ** 32;
}
