/** A batcher: single calls become batches, the first at once, those that come meanwhile together in the next. */

export interface BatcherOptions<T, R> {
  /** Answers in the order of its items; a rejection is every item's. */
  run(items: readonly T[]): Promise<readonly R[]>;
  readonly maxBatch: number;
  /** Items that may wait; past it calls reject with what `overflow` makes. */
  readonly maxWaiting: number;
  overflow(): Error;
  /** Whether a batch that failed so is tried item by item: then one that is at fault fails alone. */
  oneByOne?(error: unknown): boolean;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Under light load a call costs one round trip; under heavy load one round trip serves up to `maxBatch` calls. */
export function createBatcher<T, R>(options: BatcherOptions<T, R>): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = [];
  let running = false;

  const pump = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      await serve(batch, options);
    }
    running = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= options.maxWaiting) {
        reject(options.overflow());
        return;
      }
      waiting.push({ item, resolve, reject });
      if (!running) void pump();
    });
}

async function serve<T, R>(
  batch: readonly Waiting<T, R>[],
  options: BatcherOptions<T, R>,
): Promise<void> {
  try {
    const results = await options.run(batch.map(({ item }) => item));
    batch.forEach(({ resolve, reject }, index) => {
      const result = results[index];
      if (result === undefined) reject(new Error("a batch gave fewer answers than it had items"));
      else resolve(result);
    });
  } catch (error) {
    if (batch.length > 1 && options.oneByOne?.(error) === true)
      for (const each of batch) await serve([each], options);
    else for (const { reject } of batch) reject(error);
  }
}
