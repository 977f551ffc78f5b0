/** Merges the output of many projects into one stream in time order, without waiting for the silent ones for ever. */

/** How long a line is held back for an earlier one of another project, when following. */
const PATIENCE_MS = 50;

interface Timed {
  readonly at: number;
}
interface Source<T> {
  readonly iterator: AsyncIterator<T>;
  head: T | null;
  pending: Promise<void> | null;
  ended: boolean;
  /** Kept the others waiting once: not waited for again until it speaks. */
  quiet: boolean;
}

/**
 * Earliest line first. While following, a line waits at most 50 ms for a slower source; otherwise every source is waited for,
 * so finite sources come out exactly sorted. Holds one line a source.
 */
export async function* mergeByTime<T extends Timed>(
  iterables: readonly AsyncIterable<T>[],
  follow: boolean,
): AsyncGenerator<T> {
  const sources = iterables.map((iterable): Source<T> => ({
    iterator: iterable[Symbol.asyncIterator](),
    head: null,
    pending: null,
    ended: false,
    quiet: false,
  }));
  try {
    for (;;) {
      for (const source of sources) pull(source);
      const waiting = sources.flatMap((source) => source.pending ?? []);
      if (sources.every((source) => source.head === null) && waiting.length > 0)
        await Promise.race(waiting);
      await settle(sources, follow);
      const first = earliest(sources);
      if (first?.head) {
        const line = first.head;
        first.head = null;
        yield line;
      } else if (sources.every((source) => source.ended)) return;
    }
  } finally {
    // a source that never answers again must not hold the others
    for (const source of sources) void source.iterator.return?.().catch(() => undefined);
  }
}

function pull<T>(source: Source<T>): void {
  if (source.ended || source.head !== null || source.pending !== null) return;
  source.pending = source.iterator.next().then((next) => {
    source.pending = null;
    if (next.done === true) source.ended = true;
    else source.head = next.value;
    source.quiet = false;
    return undefined;
  });
  // observed by whoever races it; silences the ones nobody waits for any more
  source.pending.catch(() => undefined);
}

function earliest<T extends Timed>(sources: readonly Source<T>[]): Source<T> | null {
  let best: Source<T> | null = null;
  for (const source of sources)
    if (
      source.head !== null &&
      (best === null || best.head === null || source.head.at < best.head.at)
    )
      best = source;
  return best;
}

/** Waits for the sources that have not answered: all of them, or when following the lively ones, for a moment. */
async function settle<T>(sources: readonly Source<T>[], follow: boolean): Promise<void> {
  const slow = sources.filter((source) => source.pending !== null && !source.quiet);
  if (slow.length === 0) return;
  const all = Promise.all(slow.flatMap((source) => source.pending ?? []));
  if (!follow) {
    await all;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([all, patience]).finally(() => clearTimeout(timer));
  for (const source of slow) source.quiet = source.pending !== null;
}
