/** Strategy `dominant-share`: who has had least of what it uses most (CPU, memory or slots), by weight, is next. */
import { rankedRound } from "./ranked-round.ts";
import type { ProjectSight, RoundAt, Strategy, StrategyMemory } from "./strategy.ts";

/** Stands for the mean duration until one is measured; a guess. */
const UNKNOWN_MEAN_MS = 1_000;
/** The memory of a project: what it has had, and how many tasks it has run since. */
type Past = readonly [had: number, held: number];

/**
 * The dominant share of a project is the largest of its shares of slots, CPU and memory. Its container takes CPU and memory
 * as a whole as soon as one task runs. Shares over weight are summed up over time, plus one mean task's time of
 * what is held now; the lowest sum is next, so that shares of the *time* of the machine follow the weights whatever the
 * durations, on pools of two slots as well.
 *
 * Borrowing: who contends alone may take everything. Whatever it had while nobody else contended is not held against it, and
 * what others did not ask for is not saved up: sums are relative to the lowest contender's. Borrowed capacity returns with
 * every slot that ends: it goes to those who have had less. Guarantees (`min`) are served before, and count.
 *
 * Bound: a waiting project's sum stands still while every running one's grows, so everybody it waits for passes it: it is
 * passed by another project at most until that one's sum exceeds its own, which is at most one mean task ahead of it.
 */
export const DOMINANT_SHARE: Strategy = {
  name: "dominant-share",
  bound: "a project is next as soon as each other contender has had its weighted share of time",
  open(sights, past, at) {
    const had = sumsOf(sights, past, at);
    const horizonMs = horizonOf(sights);
    const rank = (sight: ProjectSight): number =>
      (had.get(sight.project) ?? 0) +
      (dominantOf(sight, sight.running, at.slots) * horizonMs) / sight.weight;
    return rankedRound(sights, {
      rank,
      why: (sight) => ({
        dominantShare: dominantOf(sight, sight.running, at.slots),
        weight: sight.weight,
        hadMs: had.get(sight.project) ?? 0,
        rank: rank(sight),
      }),
      memory: () => remember(sights, had),
    });
  },
};

/** Of the machine, 0..1. */
function dominantOf(sight: ProjectSight, running: number, slots: number): number {
  return running === 0 ? 0 : Math.max(running / slots, sight.cpuShare, sight.memoryShare);
}

/** What each project had, weighted, up to now; 0 is the lowest contender, and who joins is level with it. */
function sumsOf(
  sights: readonly ProjectSight[],
  past: StrategyMemory,
  { now, slots }: RoundAt,
): ReadonlyMap<string, number> {
  const passedMs = Math.max(0, now - past.at);
  const sums = new Map<string, number>();
  let lowest = Infinity;
  for (const sight of sights) {
    const known = past.numbers.get(sight.project);
    if (known === undefined) continue;
    const [had = 0, held = 0] = known;
    const sum = had + (dominantOf(sight, held, slots) * passedMs) / sight.weight;
    sums.set(sight.project, sum);
    if (sight.contends) lowest = Math.min(lowest, sum);
  }
  if (lowest === Infinity) return new Map();
  for (const [project, sum] of sums) sums.set(project, Math.max(0, sum - lowest));
  return sums;
}

function horizonOf(sights: readonly ProjectSight[]): number {
  const known = sights.flatMap(({ meanMs }) => (meanMs === null ? [] : [meanMs]));
  if (known.length === 0) return UNKNOWN_MEAN_MS;
  return known.reduce((sum, meanMs) => sum + meanMs, 0) / known.length;
}

function remember(
  sights: readonly ProjectSight[],
  had: ReadonlyMap<string, number>,
): StrategyMemory["numbers"] {
  const numbers = new Map<string, Past>();
  for (const { project, running } of sights) numbers.set(project, [had.get(project) ?? 0, running]);
  return numbers;
}
