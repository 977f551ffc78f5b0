/** A keyed queue: work by key, never twice at once for one key, triggers that arrive meanwhile fold into one more run. */

export interface KeyedQueueOptions {
  /** Runs that may be under way at once, over all keys. */
  readonly concurrency: number;
  /** Must not throw; what it learns it reports itself. */
  run(key: string, reasons: readonly string[]): Promise<void>;
}

interface Entry {
  reasons: string[];
  /** Milliseconds since the epoch at which it may run; 0 = now. */
  dueAt: number;
  timer: NodeJS.Timeout | null;
}

/** A trigger list is only for people: this many reasons are kept per key. */
const MAX_REASONS = 8;

export interface KeyedQueue {
  /** Asks for a run of `key`, at once or after `delayMs`; an earlier due time wins. */
  trigger(key: string, reason: string, delayMs?: number): void;
  /** Forgets what is pending for `key`; a run under way goes on. */
  forget(key: string): void;
  /** Keys pending or running. */
  size(): number;
  /** Resolves when nothing runs and nothing is due now. */
  idle(): Promise<void>;
  /** No further runs start; resolves when those under way have ended. */
  close(): Promise<void>;
}

/** Opens an empty queue. */
export function createKeyedQueue(options: KeyedQueueOptions): KeyedQueue {
  return new Queue(options);
}

/**
 * INVARIANTS: a key is in `running` for exactly as long as its run; a trigger during a run leaves an entry in
 * `pending`, which is looked at when the run ends; so no trigger is ever lost and none runs twice.
 */
class Queue implements KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #pending = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<void>>();
  #closed = false;
  #waiters: (() => void)[] = [];

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
  }

  trigger(key: string, reason: string, delayMs = 0): void {
    if (this.#closed) return;
    const dueAt = delayMs > 0 ? Date.now() + delayMs : 0;
    const known = this.#pending.get(key);
    if (known === undefined) {
      const entry: Entry = { reasons: [reason], dueAt, timer: null };
      this.#pending.set(key, entry);
      this.#arm(entry, delayMs);
    } else {
      if (known.reasons.length < MAX_REASONS && !known.reasons.includes(reason))
        known.reasons.push(reason);
      if (dueAt < known.dueAt) {
        known.dueAt = dueAt;
        this.#arm(known, delayMs);
      }
    }
    this.#pump();
  }

  forget(key: string): void {
    const timer = this.#pending.get(key)?.timer ?? null;
    if (timer !== null) clearTimeout(timer);
    this.#pending.delete(key);
    this.#settleWaiters();
  }

  size(): number {
    return new Set([...this.#pending.keys(), ...this.#running.keys()]).size;
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#settleWaiters();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#pending.values()) if (timer !== null) clearTimeout(timer);
    this.#pending.clear();
    await Promise.allSettled(this.#running.values());
    this.#settleWaiters();
  }

  #arm(entry: Entry, delayMs: number): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    if (delayMs <= 0) return;
    entry.timer = setTimeout(() => {
      entry.timer = null;
      this.#pump();
    }, delayMs);
    entry.timer.unref();
  }

  #pump(): void {
    for (const [key, entry] of this.#pending) {
      if (this.#closed || this.#running.size >= this.#options.concurrency) break;
      if (entry.timer !== null || this.#running.has(key)) continue;
      this.#pending.delete(key);
      const run = this.#options.run(key, entry.reasons).finally(() => {
        this.#running.delete(key);
        this.#pump();
        this.#settleWaiters();
      });
      this.#running.set(key, run);
    }
  }

  #settleWaiters(): void {
    const due = [...this.#pending.values()].some((entry) => entry.timer === null);
    if (this.#running.size > 0 || (due && !this.#closed)) return;
    for (const resolve of this.#waiters) resolve();
    this.#waiters = [];
  }
}
