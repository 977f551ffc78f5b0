/** Following events: read what is recorded, then wait to be woken, then read again: no gap, no double. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventRecord } from "../../model/event.ts";
import type { DaemonState } from "../state.ts";

const BATCH = 500;
/** Wake-ups are in-process; the poll only covers events written by a predecessor that is still ending. */
const POLL_MS = 5_000;

/** Events after `after` (null: from now on), in order, until the signal aborts. Reads nothing ahead of its consumer. */
export async function* followEvents(
  query: Readonly<{ after: number | null; project: string | null }>,
  state: DaemonState,
  signal: AbortSignal,
): AsyncIterable<EventRecord> {
  let after = query.after ?? (await newestId(state));
  while (!signal.aborted) {
    const woken = state.wakeFollowers.promise;
    const events = await state.postgres.events({
      after,
      project: query.project,
      kinds: [],
      limit: BATCH,
      newestFirst: false,
    });
    for (const event of events) {
      yield event;
      after = event.id;
    }
    if (events.length < BATCH) await untilWoken(woken, signal);
  }
}

async function untilWoken(woken: Promise<void>, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  await Promise.race([
    woken,
    sleep(POLL_MS, undefined, { signal: either, ref: false }).catch(() => undefined),
  ]);
  stop.abort();
}

async function newestId(state: DaemonState): Promise<number> {
  const [newest] = await state.postgres.events({
    after: null,
    project: null,
    kinds: [],
    limit: 1,
    newestFirst: true,
  });
  return newest?.id ?? 0;
}
