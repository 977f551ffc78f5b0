/** Follows one task to its end: the output of every attempt as it comes, what it waits for meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import type { Task } from "../client/tasks.ts";
import { isTerminal } from "../model/task.ts";
import type { ApiOutputLine } from "../schema/api-record.ts";

/** Looks follow each other quickly at first: most tasks that can start do so within milliseconds. */
const FIRST_LOOK_MS = 10;
const LOOK_MS = 250;
/** Output of a run that is over and still has not ended by itself. */
const DRAIN_MS = 2_000;
/** From the end of a run's output to its record; past it the stream was cut by something else, as a daemon that restarts. */
const SETTLE_MS = 1_000;
/** How long the daemon may be away: a restart takes less, and the task goes on meanwhile. */
const AWAY_MS = 60_000;

export interface Attending {
  readonly client: Client;
  readonly id: string;
  /** Aborting it leaves the task alone. */
  readonly signal: AbortSignal;
  readonly onLine: (line: ApiOutputLine) => Promise<void>;
  /** Each look at the task, until it has ended. */
  readonly onLook: (task: Task) => Promise<void>;
}

/** The task as it ended; rejects when the signal aborts, and when the daemon stays away. */
export async function attend(attending: Attending): Promise<Task> {
  const runs = new Map<string, Streamed>();
  let pauseMs = FIRST_LOOK_MS;
  for (;;) {
    const task = await look(attending);
    const due = dueRun(task, runs, performance.now());
    if (due !== null) {
      const streamed = runs.get(due) ?? { lines: 0, endedAt: 0 };
      runs.set(due, streamed);
      await streamRun(attending, { task, run: due, streamed });
      streamed.endedAt = performance.now();
      pauseMs = FIRST_LOOK_MS;
      continue;
    }
    if (isTerminal(task.state)) return task;
    await attending.onLook(task);
    await sleep(pauseMs, undefined, { signal: attending.signal });
    pauseMs = Math.min(LOOK_MS, pauseMs * 2);
  }
}

/** What is known of a run's output. */
interface Streamed {
  /** Printed; the order never changes, so a stream that begins again passes over as many. */
  lines: number;
  endedAt: number;
}

/** The run whose output is to be read now: one not read yet, or one that runs on though its stream ended. */
function dueRun(
  { run, state }: Task,
  runs: ReadonlyMap<string, Streamed>,
  now: number,
): string | null {
  const known = run === null ? undefined : runs.get(run);
  if (known === undefined) return run;
  return state === "running" && now - known.endedAt > SETTLE_MS ? run : null;
}

/** The task as it is, through a daemon that is away for a while. */
async function look({ client, id, signal }: Attending): Promise<Task> {
  const since = performance.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await client.task(id);
    } catch (thrown) {
      if (!isPassing(thrown) || performance.now() - since > AWAY_MS) throw thrown;
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

interface Streaming {
  readonly task: Task;
  readonly run: string;
  readonly streamed: Streamed;
}

/** A run's output to its end, however often the stream breaks. */
async function streamRun(attending: Attending, streaming: Streaming): Promise<void> {
  const over = new AbortController();
  const watched = watchRun(attending, streaming.run, over);
  const until = AbortSignal.any([attending.signal, over.signal]);
  try {
    while (!until.aborted && !(await streamOnce(attending, streaming, until)))
      await sleep(LOOK_MS, undefined, { signal: until }).catch(() => undefined);
  } finally {
    over.abort();
    await watched;
  }
  attending.signal.throwIfAborted();
}

/** True when the output ended; false when the stream broke. */
async function streamOnce(
  attending: Attending,
  { task, run, streamed }: Streaming,
  until: AbortSignal,
): Promise<boolean> {
  const query = { project: [task.project], agent: task.agent, run, follow: "true" };
  let seen = 0;
  try {
    for await (const line of attending.client.logs(query, until)) {
      seen += 1;
      if (seen <= streamed.lines) continue;
      await attending.onLine(line);
      streamed.lines = seen;
    }
    return true;
  } catch (thrown) {
    if (!until.aborted && !isPassing(thrown)) throw thrown;
    return false;
  }
}

/** Aborts `over` some time after the run is no longer the task's running one. Never rejects. */
async function watchRun(attending: Attending, run: string, over: AbortController): Promise<void> {
  const signal = AbortSignal.any([attending.signal, over.signal]);
  try {
    for (;;) {
      const task = await look({ ...attending, signal });
      const gone = task.run !== run || task.state !== "running";
      if (!gone) await attending.onLook(task);
      await sleep(gone ? DRAIN_MS : LOOK_MS, undefined, { signal });
      if (gone) break;
    }
  } catch {
    // the output ended first, or whoever follows it meets the same trouble
  }
  over.abort();
}

/** The daemon is away, or has too many readers: both pass, and the task goes on. */
function isPassing(thrown: unknown): boolean {
  return (
    thrown instanceof BerthError && (thrown.kind === "transient" || thrown.kind === "capacity")
  );
}
