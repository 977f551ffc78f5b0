/** What a stretch of a runner's journal says of runs: which started, which ended and how; pure. */
import {
  CURVE_POINTS,
  type JournalEvent,
  type MemoryCurve,
  type RunOutcome,
} from "../model/run.ts";

export interface RunStart {
  readonly id: string;
  readonly agent: string;
  readonly replica: number;
  readonly boot: string;
  readonly generation: number;
  readonly startedAt: number;
}

/** A terminal record; carries the start too, for a run whose start was never told. */
export interface RunEnd extends RunStart {
  readonly endedAt: number;
  readonly outcome: RunOutcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oom: boolean;
  readonly reason: string | null;
  /** As JSON. */
  readonly memory: string | null;
}

/** Where a journal does not say, the generation is the one the container was made of. */
export function startsOf(events: readonly JournalEvent[]): readonly RunStart[] {
  return events.flatMap((event) =>
    event.kind === "started"
      ? [{ ...whose(event), generation: event.generation, startedAt: beganAt(event) }]
      : [],
  );
}

/** What began before its runner could write it says when; no run begins after it was told. */
function beganAt({ at, startedAt = at }: Extract<JournalEvent, { kind: "started" }>): number {
  return Math.min(at, startedAt);
}

/** One end a run: the first that is told. What a start in the same stretch says of its run is exact. */
export function endsOf(events: readonly JournalEvent[], generation: number): readonly RunEnd[] {
  const starts = new Map(startsOf(events).map((start) => [start.id, start]));
  const ends = new Map<string, RunEnd>();
  for (const event of events) {
    const end = endOf(event, generation);
    if (end !== null && !ends.has(end.id)) ends.set(end.id, { ...end, ...starts.get(end.id) });
  }
  return [...ends.values()];
}

type RunEvent = Extract<JournalEvent, { run: string; agent: string }>;
type Exit = Extract<JournalEvent, { kind: "exited" }>;

function endOf(event: JournalEvent, generation: number): RunEnd | null {
  const open = { exitCode: null, signal: null, oom: false, endedAt: event.at, memory: null };
  switch (event.kind) {
    case "exited":
      return {
        ...whose(event),
        generation,
        startedAt: event.at - event.durationMs,
        endedAt: event.at,
        outcome: outcomeOf(event),
        exitCode: event.code,
        signal: event.signal,
        oom: event.oom,
        reason: event.cause === "self" ? null : event.cause,
        memory: event.memory === undefined ? null : curveJson(event.memory),
      };
    case "start-failed":
      return {
        ...whose(event),
        ...open,
        generation: event.generation,
        startedAt: event.at,
        outcome: "failed",
        reason: event.reason,
      };
    case "lost":
      return {
        ...whose(event),
        ...open,
        generation,
        ...begunBefore(event),
        outcome: "lost",
        reason: event.reason,
      };
    case "boot":
    case "started":
    case "ready":
    case "unhealthy":
    case "oom":
    case "dropped":
    case "crash-loop":
    case "workspace":
    case "note":
    case "asked":
    case "answered":
    case "withdrawn":
      return null;
  }
}

/** The start of a run that only its loss tells of; a runner from before that says nothing of it. */
function begunBefore({
  at,
  boot,
  begun = { at, boot },
}: Extract<JournalEvent, { kind: "lost" }>): Pick<RunStart, "boot" | "startedAt"> {
  return { boot: begun.boot, startedAt: Math.min(at, begun.at) };
}

/** Bounded here too: what a runner says is kept for a month. */
function curveJson(curve: MemoryCurve): string {
  return JSON.stringify(curve.slice(0, CURVE_POINTS));
}

/** Out of memory is told before anything else; what we stopped on purpose did not fail. */
function outcomeOf({ cause, oom, code }: Exit): RunOutcome {
  if (oom || cause === "unhealthy") return "killed";
  if (cause !== "self") return "stopped";
  return code === 0 ? "succeeded" : "failed";
}

function whose({
  run,
  agent,
  replica,
  boot,
}: RunEvent): Pick<RunStart, "id" | "agent" | "replica" | "boot"> {
  return { id: run, agent, replica, boot };
}
