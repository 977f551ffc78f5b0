/** Adaptive scaling: how many workers an agent should have now, between its `min` and `max`, and why. */

/** What one agent's backlog looks like. */
export interface BacklogSight {
  readonly min: number;
  readonly max: number;
  readonly waiting: number;
  readonly running: number;
  /** Mean of the waiting tasks, 1..10. */
  readonly complexity: number;
  /** The highest among the waiting, 0..1000. */
  readonly priority: number;
  /** Since when the oldest waits, and the nearest deadline; null: none. */
  readonly oldestReadyAt: number | null;
  readonly deadlineAt: number | null;
  /** How long its tasks take on average; null: not known yet. */
  readonly meanMs: number | null;
}

export interface WorkerTarget {
  readonly target: number;
  /** Since when. */
  readonly since: number;
  /** Since when fewer would do; null: they would not. */
  readonly lowSince: number | null;
  /** Of the last change, for people, with its numbers. */
  readonly why: string;
}

/** A task of complexity 5 is worth one worker: ten of complexity 1 share two. */
const NORMAL_COMPLEXITY = 5;
/** Waiting this long doubles the urgency. */
const OLD_MS = 600_000;
const MOST_URGENT = 4;
/** More at most once a second; fewer only after fewer would have done for half a minute, and by a fifth at least. */
const RAISE_COOL_DOWN_MS = 1_000;
const LOWER_COOL_DOWN_MS = 30_000;
const LOWER_BY = 0.8;

/**
 * wanted = running + ⌈waiting × complexity/5 × urgency⌉, never more than running + waiting, within `min`..`max`, and at
 * least 1 while something waits, so that scaling delays but never starves. urgency (1..4) = (1 + priority/1000) ×
 * (1 + age/10 min, at most 2) × (backlog time/time to the deadline, 1..4).
 */
export function scale(before: WorkerTarget | null, sight: BacklogSight, now: number): WorkerTarget {
  // Set by a clock that was set back since: the cool-downs begin now.
  const previous =
    before !== null && before.since > now ? { ...before, since: now, lowSince: null } : before;
  const { wanted, why } = wantedOf(sight, now);
  if (previous === null) return { target: wanted, since: now, lowSince: null, why };
  const bounded = Math.max(sight.min, Math.min(sight.max, previous.target));
  if (bounded !== previous.target)
    return changed(bounded, now, `bounds are ${sight.min}..${sight.max} now`);
  if (wanted > previous.target) {
    const early = previous.target > 0 && now < raisableAt(previous);
    return early ? { ...previous, lowSince: null } : changed(wanted, now, why);
  }
  const low = wanted === sight.min ? previous.target : previous.target * LOWER_BY;
  if (wanted === previous.target || wanted > low)
    return previous.lowSince === null ? previous : { ...previous, lowSince: null };
  const lowSince = previous.lowSince ?? now;
  if (now - Math.max(lowSince, previous.since) >= LOWER_COOL_DOWN_MS)
    return changed(wanted, now, why);
  return previous.lowSince === null ? { ...previous, lowSince } : previous;
}

/** From then on it may rise again. */
export function raisableAt(previous: WorkerTarget): number {
  return previous.since + RAISE_COOL_DOWN_MS;
}

function changed(target: number, now: number, why: string): WorkerTarget {
  return { target, since: now, lowSince: null, why };
}

function wantedOf(sight: BacklogSight, now: number): Readonly<{ wanted: number; why: string }> {
  const { min, max, waiting, running, complexity } = sight;
  const urgency = urgencyOf(sight, now);
  const load = Math.ceil((waiting * complexity * urgency) / NORMAL_COMPLEXITY);
  const demand = running + Math.min(waiting, load);
  const floor = Math.max(min, waiting > 0 ? 1 : 0);
  const wanted = Math.min(max, Math.max(floor, demand));
  const why =
    `${waiting} waiting of complexity ${round(complexity)}, urgency ${round(urgency)}, ` +
    `${running} running: ${demand} wanted within ${min}..${max}`;
  return { wanted, why };
}

function urgencyOf(sight: BacklogSight, now: number): number {
  const ageMs = sight.oldestReadyAt === null ? 0 : Math.max(0, now - sight.oldestReadyAt);
  const age = 1 + Math.min(1, ageMs / OLD_MS);
  const priority = 1 + sight.priority / 1000;
  return Math.min(MOST_URGENT, priority * age * deadlineUrgency(sight, now));
}

/** How many times over the backlog would miss the nearest deadline if the workers there are did it alone. */
function deadlineUrgency(sight: BacklogSight, now: number): number {
  if (sight.deadlineAt === null || sight.meanMs === null) return 1;
  const leftMs = sight.deadlineAt - now;
  if (leftMs <= 0) return MOST_URGENT;
  const backlogMs = (sight.waiting * sight.meanMs) / Math.max(1, sight.running);
  return Math.min(MOST_URGENT, Math.max(1, backlogMs / leftMs));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
