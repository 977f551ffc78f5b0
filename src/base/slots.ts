/** A bounded number of slots: at most `count` holders at once; who began first is served first. */

export interface Slots {
  /** A place in line for work of several parts: the parts of an earlier line come before those of a later one. */
  line(): number;
  /** Runs `work` as soon as a slot is free, in its line; an aborted wait rejects with the signal's reason. */
  use<T>(
    work: () => Promise<T>,
    place: Readonly<{ line: number; signal?: AbortSignal }>,
  ): Promise<T>;
  /** Whether any slot is held. */
  busy(): boolean;
  /** Resolves when none is held, at once if so. */
  idle(): Promise<void>;
}

interface Waiter {
  readonly line: number;
  readonly grant: () => void;
}

/** `count` slots. Waiters are served by line, and within a line in order of arrival. */
export function createSlots(count: number): Slots {
  let free = count;
  let lines = 0;
  const queue: Waiter[] = [];
  const idlers: (() => void)[] = [];
  const release = (): void => {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next.grant();
    if (free === count) for (const resolve of idlers.splice(0)) resolve();
  };
  const acquire = (line: number, signal: AbortSignal | undefined): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const waiter: Waiter = { line, grant };
      const abort = (): void => {
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        reject(signal?.reason);
      };
      const before = queue.findLastIndex((other) => other.line <= line);
      queue.splice(before + 1, 0, waiter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  };
  return {
    line: () => lines++,
    busy: () => free < count,
    idle: () =>
      free === count ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve)),
    async use(work, { line, signal }) {
      signal?.throwIfAborted();
      await acquire(line, signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
