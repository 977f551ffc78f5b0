/** Relist: the engine's whole truth in three list calls, shared by every pass that asks while one is under way. */
import type { EngineSnapshot } from "../model/observed.ts";

export interface Relist {
  /** A snapshot whose calls all began after this was called: what was done before is in it. */
  fresh(): Promise<EngineSnapshot>;
  /** The newest snapshot there is, however old; null before the first. */
  latest(): EngineSnapshot | null;
}

/**
 * INVARIANT: a caller is never given a look that began before it asked, else a pass could act on the state before its
 * own last step. So a caller that comes while a look is under way waits for the next one, together with all others.
 */
export function createRelist(look: () => Promise<EngineSnapshot>): Relist {
  let latest: EngineSnapshot | null = null;
  let underWay: Promise<EngineSnapshot> | null = null;
  let next: Promise<EngineSnapshot> | null = null;

  const start = (): Promise<EngineSnapshot> => {
    const run = look()
      .then((snapshot) => {
        latest = snapshot;
        return snapshot;
      })
      .finally(() => {
        underWay = null;
      });
    underWay = run;
    return run;
  };

  return {
    fresh() {
      if (underWay === null) return start();
      if (next === null) {
        next = underWay
          .catch(() => undefined)
          .then(() => {
            next = null;
            return underWay ?? start();
          });
      }
      return next;
    },
    latest: () => latest,
  };
}
