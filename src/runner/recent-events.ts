/** The newest journal events in memory, for a daemon that keeps up. */
import type { JournalEvent } from "../model/run.ts";

export const RECENT_COUNT = 256;
/** And no more than this: results of tasks may have 256 KiB each, and the runner's heap 64 MiB. */
export const RECENT_BYTES = 4_194_304;

interface Recent {
  readonly event: JournalEvent;
  readonly bytes: number;
}

export class RecentEvents {
  #kept: Recent[] = [];
  #bytes = 0;

  /** `bytes`: what its line has. The oldest go to make room. */
  add(event: JournalEvent, bytes: number): void {
    this.#kept.push({ event, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > RECENT_COUNT || this.#bytes > RECENT_BYTES) {
      this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    }
  }

  clear(): void {
    this.#kept = [];
    this.#bytes = 0;
  }

  all(): readonly JournalEvent[] {
    return this.#kept.map(({ event }) => event);
  }

  /** Whether `after` has everything that comes after `seq`. */
  reaches(seq: number): boolean {
    return (this.#kept[0]?.event.seq ?? Infinity) <= seq + 1;
  }

  /** Oldest first. */
  after(seq: number): readonly JournalEvent[] {
    // From the end: a daemon that keeps up wants the last one or two.
    const from = this.#kept.findLastIndex(({ event }) => event.seq <= seq) + 1;
    return this.#kept.slice(from).map(({ event }) => event);
  }
}
