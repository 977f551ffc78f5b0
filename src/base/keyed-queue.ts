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

/**
 * INVARIANTS: a key is in `running` for exactly as long as its run; a trigger during a run leaves an entry in
 * `pending`, which is looked at when the run ends; so no trigger is ever lost and none runs twice.
 */
export function createKeyedQueue(options: KeyedQueueOptions): KeyedQueue {
  const pending = new Map<string, Entry>();
  const running = new Map<string, Promise<void>>();
  let closed = false;
  let waiters: (() => void)[] = [];

  const settleWaiters = (): void => {
    const due = [...pending.values()].some((entry) => entry.timer === null);
    if (running.size > 0 || (due && !closed)) return;
    for (const resolve of waiters) resolve();
    waiters = [];
  };

  const pump = (): void => {
    for (const [key, entry] of pending) {
      if (closed || running.size >= options.concurrency) break;
      if (entry.timer !== null || running.has(key)) continue;
      pending.delete(key);
      const run = options.run(key, entry.reasons).finally(() => {
        running.delete(key);
        pump();
        settleWaiters();
      });
      running.set(key, run);
    }
  };

  const arm = (entry: Entry, delayMs: number): void => {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    if (delayMs > 0) {
      entry.timer = setTimeout(() => {
        entry.timer = null;
        pump();
      }, delayMs);
      entry.timer.unref();
    }
  };

  return {
    trigger(key, reason, delayMs = 0) {
      if (closed) return;
      const dueAt = delayMs > 0 ? Date.now() + delayMs : 0;
      const known = pending.get(key);
      if (known === undefined) {
        const entry: Entry = { reasons: [reason], dueAt, timer: null };
        pending.set(key, entry);
        arm(entry, delayMs);
      } else {
        if (known.reasons.length < MAX_REASONS && !known.reasons.includes(reason)) known.reasons.push(reason);
        if (dueAt < known.dueAt) {
          known.dueAt = dueAt;
          arm(known, delayMs);
        }
      }
      pump();
    },
    forget(key) {
      const entry = pending.get(key);
      if (entry?.timer) clearTimeout(entry.timer);
      pending.delete(key);
      settleWaiters();
    },
    size: () => new Set([...pending.keys(), ...running.keys()]).size,
    idle() {
      return new Promise((resolve) => {
        waiters.push(resolve);
        settleWaiters();
      });
    },
    async close() {
      closed = true;
      for (const { timer } of pending.values()) if (timer !== null) clearTimeout(timer);
      pending.clear();
      await Promise.allSettled(running.values());
      settleWaiters();
    },
  };
}
