/** Answers an output query from the spool: merged, filtered, the tail only, followed, resumed. */
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { RUNS_FOLDER } from "../protocol/spool.ts";
import type { OutputLine } from "./door.ts";
import { spoolFault } from "./faults.ts";
import { Merge, SETTLE_MS, type MergedLine } from "./merge.ts";
import { cursorOf, startOfCursor, type Start } from "./place.ts";
import { matches, type OutputContext } from "./query.ts";
import { listRuns, selectRuns, type RunMemory } from "./runs.ts";
import { tailStart } from "./tail.ts";
import { createWake, type Wake } from "./wake.ts";

/** Between looks whether the one run that is followed, and of which nothing is here, has ended without a word; doubles. */
const SILENT_LOOK_MS = 25;
const MAX_SILENT_LOOK_MS = 1_000;
/** A line may reach the disk this much after it was read. */
const LATEST_WRITE_MS = 1_000;
const FROM_THE_BEGINNING: Start = { key: -1, run: "", place: null };

/** Lines in the order they were completed. Ends without an error when the signal fires. */
export async function* readOutput(context: OutputContext): AsyncGenerator<OutputLine> {
  const { query, spool, signal } = context;
  const given =
    query.after === undefined || query.after === null
      ? FROM_THE_BEGINNING
      : startOfCursor(query.after);
  const memory: RunMemory = new Map();
  const runs = selectRuns(await listRuns(spool, memory), query);
  const start =
    query.tail === null
      ? given
      : await tailStart({ ...context, runs, start: given, tail: query.tail });
  // A previous run stays finished: there is nothing to wait for.
  const follow = query.follow && !query.previous;
  const endless = follow && query.run === null;
  const now = (): number => context.now();
  const merge = new Merge({
    start,
    since: query.since,
    follow,
    endless,
    keepUnfinished: false,
    now,
  });
  const wake = createWake(signal);
  const waiting = { ...context, merge, wake, memory, silentMs: SILENT_LOOK_MS };
  try {
    merge.add(runs);
    let key = start.key;
    while (!signal.aborted) {
      const next = await merge.next();
      if (next === "end" || (next === "idle" && isPast(context))) return;
      if (next === "unsettled") await wake.wait(SETTLE_MS);
      else if (next === "idle") await untilMore(waiting);
      else if (matches(next, query)) {
        key = Math.max(key, next.line.key);
        yield outputLine(next, key);
      }
    }
  } catch (thrown) {
    throw thrown instanceof BerthError
      ? thrown
      : spoolFault(query.project, "its output cannot be read", thrown);
  } finally {
    wake.close();
    await merge.close();
  }
}

/** Nothing written from now on can be early enough. */
function isPast(context: OutputContext): boolean {
  const { until } = context.query;
  return until !== null && context.now() > until + LATEST_WRITE_MS;
}

function outputLine({ run, line }: MergedLine, key: number): OutputLine {
  const { agent, replica, run: id } = run.meta;
  const cursor = cursorOf(key, id, line.place);
  return { at: line.at, agent, replica, run: id, stream: line.stream, text: line.text, cursor };
}

interface Waiting extends OutputContext {
  readonly merge: Merge;
  readonly wake: Wake;
  readonly memory: RunMemory;
  silentMs: number;
}

/** Nothing new is looked for until something changed; then runs are listed again, for a new one may be the change. */
async function untilMore(waiting: Waiting): Promise<void> {
  const { merge, wake, spool, query, memory } = waiting;
  // What changed before a watch began is only seen by looking once more.
  const fresh = wake.watchOnly([spool, join(spool, RUNS_FOLDER), ...merge.openFolders()]);
  const silent = query.run !== null && merge.empty ? query.run : null;
  if (!fresh) await wake.wait(silent === null ? undefined : waiting.silentMs);
  waiting.silentMs = Math.min(MAX_SILENT_LOOK_MS, waiting.silentMs * 2);
  // Asked before the look: what it printed was there before its end was recorded.
  const over = silent !== null && (await waiting.isOver(silent));
  merge.add(selectRuns(await listRuns(spool, memory), query));
  if (over) merge.expectNoMore();
}
