/** Exponential backoff: how long to wait after the n-th failure in a row. */

/** Beyond this many doublings any first delay has long met its ceiling; keeps the power finite. */
const MAX_DOUBLINGS = 30;

/** `firstMs`, doubled with every further failure, never more than `maxMs`; no failure means no wait. */
export function backoffMs(firstMs: number, maxMs: number, failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS));
}

/** Takes up to a quarter off, so that many waiters do not come back together; `chance` is in [0, 1). */
export function jittered(ms: number, chance: number): number {
  return Math.round(ms * (1 - 0.25 * chance));
}
