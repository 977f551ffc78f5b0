/** The allocator: who gets which free slot now. The daemon and the simulator run this one function. */
import type { WaitingTask } from "../../model/task.ts";
import { Heap } from "./heap.ts";
import type { PoolLimits } from "./limits.ts";
import type { PoolState } from "./pool.ts";
import { keptSlots, seatsOf } from "./seats.ts";
import type { ProjectSeat, WorkerSeat } from "./seats.ts";
import { NO_MEMORY } from "./strategy.ts";
import type { Round, Strategy, StrategyMemory, Why } from "./strategy.ts";

export interface Turn {
  readonly strategy: Strategy;
  /** As the last allocation returned it; NO_MEMORY at first. */
  readonly memory: StrategyMemory;
  readonly now: number;
}

export interface SlotDecision {
  readonly task: WaitingTask;
  readonly project: string;
  readonly agent: string;
  /** The strategy's name, or `guarantee`. */
  readonly by: string;
  readonly why: Why;
}

export interface PoolAllocation {
  readonly decisions: readonly SlotDecision[];
  readonly memory: StrategyMemory;
}

/**
 * Gives free slots until there is none or nobody may have one. The pool is left as it was: whoever acts on a decision calls
 * `pool.start`, so that a decision not carried out costs nothing.
 *
 * INVARIANTS
 * - After all decisions: running tasks ≤ slots; per project services + tasks ≤ limits.agents; per agent ≤ max and target.
 * - `min` first: an agent below its `min` with work goes before everybody, the one that lacks most first. Guarantees
 *   together hold at most slots − 1, so that the others' wait stays bounded whatever is declared.
 * - Unused guarantees are lent only while they can still be met: all but one stay free, so that whoever claims one gets
 *   it at once or with the next slot that ends.
 * - Within a project the slot goes to the agent whose head is aged most (aging.ts), so no agent waits for ever.
 * - The order of maps and of insertion has no influence.
 */
export function allocatePool(pool: PoolState, limits: PoolLimits, turn: Turn): PoolAllocation {
  const { strategy, memory, now } = turn;
  const seats = seatsOf(pool, limits, now);
  const own = memory.strategy === strategy.name ? memory : { ...NO_MEMORY, at: now };
  const round = strategy.open([...seats.values()], own, { now, slots: limits.slots });
  const giving: Giving = {
    seats,
    round,
    free: limits.slots - pool.running,
    now,
    decisions: [],
  };
  giveGuarantees(giving, limits.slots);
  const kept = keptSlots(pool, limits);
  giveByStrategy(giving, strategy.name, Math.max(0, kept - giving.decisions.length));
  return {
    decisions: giving.decisions,
    memory: { strategy: strategy.name, at: now, numbers: round.memory() },
  };
}

interface Giving {
  readonly seats: ReadonlyMap<string, ProjectSeat>;
  readonly round: Round;
  free: number;
  readonly now: number;
  readonly decisions: SlotDecision[];
}

function giveGuarantees(giving: Giving, slots: number): void {
  const claims = new Heap<WorkerSeat>({
    before: comesBefore,
    moved: () => {},
  });
  let held = 0;
  for (const seat of giving.seats.values())
    for (const worker of seat.workers) {
      held += Math.min(worker.running, worker.min);
      if (worker.running < worker.min && worker.head !== null && seat.open) claims.push(worker);
    }
  while (giving.free > 0 && held < slots - 1) {
    const worker = claims.pop();
    if (worker === undefined) return;
    const seat = giving.seats.get(worker.project);
    if (seat === undefined || !seat.open || worker.head === null) continue;
    give(giving, seat, {
      worker,
      by: "guarantee",
      why: { min: worker.min, running: worker.running },
    });
    held += 1;
    if (worker.running < worker.min && worker.head !== null) claims.push(worker);
  }
}

function giveByStrategy(giving: Giving, name: string, kept: number): void {
  while (giving.free > 0 && giving.free >= kept) {
    const next = giving.round.next();
    const seat = next === null ? undefined : giving.seats.get(next.project);
    const worker = seat?.first ?? null;
    if (next === null || seat === undefined || worker === null) return;
    give(giving, seat, { worker, by: name, why: next.why });
  }
}

function give(
  giving: Giving,
  seat: ProjectSeat,
  gift: Readonly<{ worker: WorkerSeat; by: string; why: Why }>,
): void {
  const { worker, by, why } = gift;
  const task = seat.take(worker, giving.now);
  if (task === null) return;
  giving.free -= 1;
  giving.decisions.push({ task, project: worker.project, agent: worker.agent, by, why });
  giving.round.granted(worker.project);
}

/** Who lacks most of its guarantee, then whose head is aged most. */
function comesBefore(a: WorkerSeat, b: WorkerSeat): boolean {
  const lack = a.running / a.min - b.running / b.min;
  if (lack !== 0) return lack < 0;
  const aged = a.summitAt - b.summitAt;
  if (aged !== 0) return aged < 0;
  if (a.project !== b.project) return a.project < b.project;
  return a.agent < b.agent;
}
