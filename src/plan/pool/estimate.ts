/** When waiting tasks will probably start: the allocator itself, run forward with mean durations. */
import type { PoolLimits } from "./limits.ts";
import { PoolRun } from "./pool-run.ts";
import type { PoolState } from "./pool.ts";
import type { Strategy, StrategyMemory } from "./strategy.ts";

/** How long tasks of an agent take; null: none has ended yet. */
export type DurationOf = (
  project: string,
  agent: string,
) => Readonly<{ meanMs: number; spreadMs: number }> | null;

export interface ExpectedStart {
  /** Tasks of the whole pool that start before it. */
  readonly ahead: number;
  readonly at: number;
  /** About nine in ten start within, if nothing more arrives and durations are as before. */
  readonly from: number;
  readonly to: number;
}

export interface ForecastSight {
  readonly pool: PoolState;
  readonly limits: PoolLimits;
  readonly strategy: Strategy;
  readonly memory: StrategyMemory;
  readonly now: number;
  readonly durationOf: DurationOf;
}

/** Farther ahead nobody believes an estimate, and it would cost time. */
const MAX_FORECAST_STARTS = 1_000;
/** Of a normal distribution, nine in ten lie within so many standard deviations. */
const NINE_IN_TEN = 1.645;

/**
 * Expected starts by task, in the order in which tasks start. Tasks without one are blocked by something other than
 * slots, lie beyond MAX_FORECAST_STARTS, or wait behind agents whose durations nobody knows. The band: the error of a chain
 * of n tasks' durations, of which the c chains that could free a slot for this task average out: spread × √(n / c), and one
 * spread over c for not knowing which is first.
 */
export function forecast(sight: ForecastSight): ReadonlyMap<string, ExpectedStart> {
  const { limits, durationOf } = sight;
  const run = new PoolRun({ ...sight, pool: sight.pool.copy() });
  const starts = new Map<string, ExpectedStart>();
  const depths = new Map<string, number>();
  /** By task: how much longer than usual ran what it waits for. */
  const lateness = new Map<string, number>();
  let depth = 0;
  let late = 0;
  let now = sight.now;
  for (const slot of run.pool.slots()) {
    const known = durationOf(slot.project, slot.agent);
    if (known === null) continue;
    const leftMs = slot.startedAt + known.meanMs - now;
    // what has run far longer than the mean is not ruled by it: it may run as long again
    const lateMs = Math.max(0, -leftMs);
    lateness.set(slot.task, lateMs);
    run.endsAt(slot.task, now + (leftMs > 0 ? leftMs : Math.max(known.meanMs / 2, lateMs)));
  }
  for (;;) {
    const decisions = run.give(
      limits,
      now,
      ({ project, agent }) => durationOf(project, agent)?.meanMs ?? Infinity,
    );
    for (const { task, project, agent } of decisions) {
      const spreadMs = durationOf(project, agent)?.spreadMs ?? 0;
      const chains = chainsFor(limits, project, agent);
      const error =
        depth === 0 ? 0 : late + NINE_IN_TEN * spreadMs * (Math.sqrt(depth / chains) + 1 / chains);
      const from = Math.max(sight.now, now - error);
      starts.set(task.id, { ahead: starts.size, at: now, from, to: now + error });
      depths.set(task.id, depth);
      lateness.set(task.id, late);
    }
    const next = run.nextEnd();
    if (next === null || next === Infinity || run.pool.waiting === 0) return starts;
    if (starts.size >= MAX_FORECAST_STARTS) return starts;
    now = next;
    for (const task of run.finishUntil(now)) {
      depth = 1 + (depths.get(task) ?? 0);
      late = lateness.get(task) ?? 0;
    }
  }
}

/** How many slots could be the one that becomes free for this agent. */
function chainsFor(limits: PoolLimits, project: string, agent: string): number {
  const owner = limits.projects.get(project);
  const worker = owner?.workers.get(agent);
  if (owner === undefined || worker === undefined) return 1;
  const room = owner.agents - owner.services;
  return Math.max(1, Math.min(limits.slots, worker.max, worker.target, room));
}
