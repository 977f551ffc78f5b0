/** Events for people and programs; their ids become visible in order, so a reader that goes on after an id misses none. */
import type { EventRecord } from "../model/event.ts";
import type { NewEvent } from "./door.ts";
import type { Ask, Statements } from "./connection.ts";
import { takeTurn } from "./locks.ts";
import type { Session } from "./session.ts";

/** Null time: the database's now. */
export type TimedEvent = NewEvent & Readonly<{ at: number | null }>;

export type EventQuery = Readonly<{
  after: number | null;
  project: string | null;
  kinds: readonly string[];
  limit: number;
  newestFirst: boolean;
}>;

/** Call it last in a transaction: the lock is held until the commit. With `tx.last` as `ask` the commit goes with it. */
export async function recordEvents(
  tx: Statements,
  events: readonly TimedEvent[],
  ask: Ask = tx.rows,
): Promise<readonly EventRecord[]> {
  if (events.length === 0) return [];
  const [, recorded] = await Promise.all([
    takeTurn(tx, "events"),
    ask<EventRecord & Record<string, unknown>>("event-insert", [JSON.stringify(events)]),
  ]);
  return recorded;
}

/** Appends and returns them as recorded. */
export async function appendEvents(
  session: Session,
  epoch: number,
  events: readonly NewEvent[],
): Promise<readonly EventRecord[]> {
  if (events.length === 0) return [];
  return session.write({ operation: "append events", epoch }, (tx) =>
    recordEvents(
      tx,
      events.map((event) => ({ at: null, ...event })),
      tx.last,
    ),
  );
}

/** Oldest first from `after` on, or the newest of them first. */
export async function readEvents(
  session: Session,
  query: EventQuery,
): Promise<readonly EventRecord[]> {
  return session.read<EventRecord & Record<string, unknown>>(
    query.newestFirst ? "event-newest" : "event-oldest",
    [query.after, query.project, query.kinds, query.limit],
  );
}
