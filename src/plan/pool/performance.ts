/** Measured performance of a project: how it does lately against its own history, as a factor on its weight. */

/** Running means over tasks that ended; plain data, kept in the database. */
export interface PerformanceRecord {
  readonly ended: number;
  /** Success rates, 0..1, and mean durations: of the last dozens of tasks and of the last hundreds. */
  readonly recentSuccess: number;
  readonly recentMs: number;
  readonly longSuccess: number;
  readonly longMs: number;
}

export interface Ended {
  readonly succeeded: boolean;
  readonly durationMs: number;
}

export const NO_PERFORMANCE: PerformanceRecord = {
  ended: 0,
  recentSuccess: 1,
  recentMs: 0,
  longSuccess: 1,
  longMs: 0,
};

/** Tasks that count as recent, and as history: a task's influence falls to 1/e after so many more. Guesses. */
const RECENT = 30;
const LONG = 500;
const LEAST = 0.5;
const MOST = 2;
/** Successes and failures added to rates, so that a history without any does not divide by zero. */
const PRIOR = 0.05;

/** The record after one more task ended. The first tasks are averaged plainly. */
export function observeEnd(record: PerformanceRecord, end: Ended): PerformanceRecord {
  const ended = record.ended + 1;
  const success = end.succeeded ? 1 : 0;
  const towards = (mean: number, value: number, window: number): number =>
    mean + (value - mean) / Math.min(ended, window);
  return {
    ended,
    recentSuccess: towards(record.recentSuccess, success, RECENT),
    recentMs: towards(record.recentMs, end.durationMs, RECENT),
    longSuccess: towards(record.longSuccess, success, LONG),
    longMs: towards(record.longMs, end.durationMs, LONG),
  };
}

/**
 * factor = (recent success + 0.05) / (history's success + 0.05) × history's mean duration / recent mean duration, bounded
 * to [½, 2]; durations are at least 1 ms. 1 until RECENT tasks have ended, and always 1 for a project that does as ever:
 * slow projects are not punished for being slow, only for getting slower.
 */
export function performanceFactor(record: PerformanceRecord): number {
  if (record.ended < RECENT) return 1;
  const success = (record.recentSuccess + PRIOR) / (record.longSuccess + PRIOR);
  const speed = Math.max(1, record.longMs) / Math.max(1, record.recentMs);
  return Math.min(MOST, Math.max(LEAST, success * speed));
}
