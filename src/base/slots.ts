/** A bounded number of slots: at most `count` holders at once, first come first served. */

export interface Slots {
  /** Runs `work` as soon as a slot is free; an aborted wait rejects with the signal's reason. */
  use<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** `count` slots. Waiters are served in order of arrival. */
export function createSlots(count: number): Slots {
  let free = count;
  const queue: (() => void)[] = [];
  const release = (): void => {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const acquire = (signal: AbortSignal | undefined): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        const at = queue.indexOf(grant);
        if (at >= 0) queue.splice(at, 1);
        reject(signal?.reason);
      };
      queue.push(grant);
      signal?.addEventListener("abort", abort, { once: true });
    });
  };
  return {
    async use(work, signal) {
      signal?.throwIfAborted();
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
