/** Relist: the engine's whole truth in three list calls, shared by every pass for which it is young enough. */
import type { EngineSnapshot } from "../model/observed.ts";

/** A moment, counted in looks begun before it: no clock that somebody sets back makes an old look young. */
export type Mark = number;

export interface Relist {
  /** Now. */
  mark(): Mark;
  /** A snapshot whose calls all began after the mark: what was done before it is in it. At once, if there is one. */
  since(mark: Mark): Promise<EngineSnapshot>;
  /** A snapshot whose calls all began after this was called. */
  fresh(): Promise<EngineSnapshot>;
  /** The newest snapshot there is, however old; null before the first. */
  latest(): EngineSnapshot | null;
}

interface Look {
  /** Looks begun up to and with this one. */
  readonly number: number;
  readonly snapshot: Promise<EngineSnapshot>;
}

/**
 * INVARIANT: a caller is never given a look that began before its mark, else a pass could act on the state before its
 * own last step. A caller for whom the look under way is too old waits for the next one, together with all others.
 */
export function createRelist(look: () => Promise<EngineSnapshot>): Relist {
  let begun: Mark = 0;
  let latest: Readonly<{ number: number; snapshot: EngineSnapshot }> | null = null;
  let underWay: Look | null = null;
  let next: Promise<EngineSnapshot> | null = null;

  const start = (): Promise<EngineSnapshot> => {
    const number = ++begun;
    const snapshot = look()
      .then((seen) => {
        latest = { number, snapshot: seen };
        return seen;
      })
      .finally(() => {
        underWay = null;
      });
    underWay = { number, snapshot };
    return snapshot;
  };

  const since = (mark: Mark): Promise<EngineSnapshot> => {
    if (latest !== null && latest.number > mark) return Promise.resolve(latest.snapshot);
    if (underWay === null) return start();
    if (underWay.number > mark) return underWay.snapshot;
    next ??= underWay.snapshot
      .catch(() => undefined)
      .then(() => {
        next = null;
        return underWay?.snapshot ?? start();
      });
    return next;
  };

  return {
    mark: () => begun,
    since,
    fresh: () => since(begun),
    latest: () => latest?.snapshot ?? null,
  };
}
