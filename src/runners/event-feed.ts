/** Journal events of one project on their way to the records: in order, in batches, one batch at a time, until durable. */
import { delayMs } from "../guard/retry.ts";
import type { JournalEvent } from "../model/run.ts";

/** One batch is one transaction; larger ones gained nothing worth their memory. */
const MAX_BATCH = 500;
/** Above this the socket is not read any more: the runner keeps what we do not take. */
const MAX_HELD = 2_000;
const RESUME_BELOW = 500;
/** After a batch, so that a stream of events costs few transactions; a start and a quick end then are one. */
const PACE_MS = 20;
const RETRY = { firstMs: 100, maxMs: 5_000 };

export interface EventFeedOptions {
  deliver(events: readonly JournalEvent[]): Promise<number>;
  /** Everything up to `seq` is durable. */
  acknowledge(seq: number): void;
  /** True: hold the sender back. False: go on. */
  onPressure(full: boolean): void;
  onTrouble(thrown: unknown, attempt: number): void;
  randomness(): number;
}

export interface EventFeed {
  push(event: JournalEvent): void;
  durable(): number;
  /** A new connection sends everything after `durable()` again: forget what was held. */
  restartFrom(seq: number): void;
  close(): void;
}

/** A feed that continues after the durable sequence number `after`. */
export function createEventFeed(after: number, options: EventFeedOptions): EventFeed {
  return new BatchingFeed(after, options);
}

/**
 * INVARIANTS: at most one `deliver` is under way; what it is given starts right after what is durable or later in
 * sequence, never earlier; nothing is acknowledged that `deliver` did not name.
 */
class BatchingFeed implements EventFeed {
  readonly #options: EventFeedOptions;
  #durable: number;
  #lastHeld: number;
  #held: JournalEvent[] = [];
  #busy = false;
  #full = false;
  #closed = false;
  #attempt = 0;
  #deliveredAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(after: number, options: EventFeedOptions) {
    this.#options = options;
    this.#durable = after;
    this.#lastHeld = after;
  }

  push(event: JournalEvent): void {
    if (this.#closed || event.seq <= this.#lastHeld || event.seq <= this.#durable) return;
    this.#lastHeld = event.seq;
    this.#held.push(event);
    this.#press();
    this.#schedule(0);
  }

  durable(): number {
    return this.#durable;
  }

  restartFrom(seq: number): void {
    this.#durable = seq;
    this.#lastHeld = seq;
    this.#held = [];
    this.#attempt = 0;
    this.#unschedule();
    this.#press();
  }

  close(): void {
    this.#closed = true;
    this.#unschedule();
    this.#held = [];
  }

  /** With nothing under way or just done a batch leaves as soon as the bytes just read are all parsed. */
  #schedule(ms: number): void {
    if (this.#busy || this.#closed || this.#held.length === 0 || this.#timer !== undefined) return;
    const early =
      this.#held.length < MAX_BATCH ? this.#deliveredAt + PACE_MS - performance.now() : 0;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#deliver();
      },
      Math.max(ms, early),
    );
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #deliver(): Promise<void> {
    this.#busy = true;
    let moved = false;
    try {
      moved = this.#advance(await this.#options.deliver(this.#held.slice(0, MAX_BATCH)));
    } catch (thrown) {
      this.#options.onTrouble(thrown, this.#attempt);
    }
    this.#busy = false;
    this.#deliveredAt = performance.now();
    this.#attempt = moved ? 0 : this.#attempt + 1;
    this.#press();
    const chance = (): number => this.#options.randomness();
    this.#schedule(moved ? 0 : delayMs(RETRY, this.#attempt - 1, chance));
  }

  #advance(seq: number): boolean {
    if (!Number.isSafeInteger(seq) || seq <= this.#durable) return false;
    this.#durable = seq;
    this.#held = this.#held.filter((event) => event.seq > seq);
    this.#options.acknowledge(seq);
    return true;
  }

  #press(): void {
    const full = this.#full ? this.#held.length >= RESUME_BELOW : this.#held.length >= MAX_HELD;
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onPressure(full);
  }
}
