/** The event outbox: events wait here, bounded, until Postgres has them, and then go to every follower. */
import type { EventRecord } from "../model/event.ts";
import type { NewEvent, PostgresDoor } from "../postgres/door.ts";

/** Events held while Postgres is away. Past it the oldest go and one `events.dropped` event says how many. */
const MAX_WAITING = 10_000;
const BATCH = 500;

export interface Outbox {
  add(event: NewEvent): void;
  /** Writes what waits; false when Postgres would not take it (it is kept). */
  flush(): Promise<boolean>;
  waiting(): number;
  /** Something waits or is being written: what is written elsewhere now may come before it. */
  busy(): boolean;
}

export function createOutbox(
  postgres: Pick<PostgresDoor, "appendEvents">,
  epochOf: () => number | null,
  onWritten: (events: readonly EventRecord[]) => void,
): Outbox {
  let waiting: NewEvent[] = [];
  let dropped = 0;
  let flushing: Promise<boolean> | null = null;

  const trim = (): void => {
    const excess = waiting.length - MAX_WAITING;
    if (excess > 0) {
      waiting = waiting.slice(excess);
      dropped += excess;
    }
  };

  const write = async (): Promise<boolean> => {
    while (waiting.length > 0) {
      const epoch = epochOf();
      if (epoch === null) return false;
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      const counted = dropped;
      try {
        onWritten(
          await postgres.appendEvents(
            epoch,
            counted > 0 ? [...batch, droppedEvent(counted)] : batch,
          ),
        );
        dropped -= counted;
      } catch {
        // Kept for the next flush, in order; the caller learns of it by `false`.
        waiting = [...batch, ...waiting];
        trim();
        return false;
      }
    }
    return true;
  };

  return {
    add(event) {
      waiting.push(event);
      trim();
    },
    async flush() {
      // A turn's events go together, not the first alone and the rest after it.
      flushing ??= Promise.resolve()
        .then(write)
        .finally(() => {
          flushing = null;
        });
      return flushing;
    },
    waiting: () => waiting.length,
    busy: () => waiting.length > 0 || flushing !== null,
  };
}

function droppedEvent(count: number): NewEvent {
  return {
    project: null,
    kind: "events.dropped",
    cause: "daemon",
    message: `${count} events were dropped while the database was away`,
    fields: { count },
  };
}
