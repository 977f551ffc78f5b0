/** Strategy `priority`: the task of the highest priority, raised by waiting, gets the slot, whoever it belongs to. */
import { POINT_MS, SUMMIT } from "./aging.ts";
import { rankedRound } from "./ranked-round.ts";
import type { Strategy } from "./strategy.ts";

/**
 * Every task gains one point per POINT_MS, so that "highest aged priority" is "earliest at the summit", a constant of
 * the task. From that instant on nothing newer passes it. With S slots, tasks of at most D ms, and N tasks that reach
 * the summit before it, it therefore waits at most (SUMMIT − priority) × POINT_MS + ⌈(N + 1) / S⌉ × D ms, as long as
 * what else bounds it (limits, breakers) lets it start; weights play no part.
 */
export const PRIORITY: Strategy = {
  name: "priority",
  bound: `after (${SUMMIT} - priority) x ${POINT_MS / 1000}s nothing newer passes a task`,
  open: (sights, _memory, { now }) =>
    rankedRound(sights, {
      rank: (sight) => sight.headSummitAt,
      why: (sight) => ({
        priority: sight.headPriority,
        agedPriority: SUMMIT - Math.max(0, sight.headSummitAt - now) / POINT_MS,
      }),
      memory: () => new Map(),
    }),
};
