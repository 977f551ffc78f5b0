/** A pool driven forward in imagined time: slots end when their durations say so. Simulator and forecast run on it. */
import { isOlderId } from "../../model/task.ts";
import { allocatePool } from "./allocate-pool.ts";
import type { SlotDecision } from "./allocate-pool.ts";
import { Heap } from "./heap.ts";
import type { PoolLimits } from "./limits.ts";
import type { PoolState } from "./pool.ts";
import type { Strategy, StrategyMemory } from "./strategy.ts";

interface End {
  readonly task: string;
  readonly at: number;
}

export interface PoolRunStart {
  /** Changed by the run: give a copy of one that is needed. */
  readonly pool: PoolState;
  readonly strategy: Strategy;
  readonly memory: StrategyMemory;
}

export class PoolRun {
  readonly pool: PoolState;
  readonly #strategy: Strategy;
  #memory: StrategyMemory;
  readonly #ends = new Heap<End>({
    before: (a, b) => (a.at === b.at ? isOlderId(a.task, b.task) : a.at < b.at),
    moved: () => {},
  });

  constructor({ pool, strategy, memory }: PoolRunStart) {
    this.pool = pool;
    this.#strategy = strategy;
    this.#memory = memory;
  }

  /** A slot that is taken already and ends then. */
  endsAt(task: string, at: number): void {
    this.#ends.push({ task, at });
  }

  nextEnd(): number | null {
    return this.#ends.peek()?.at ?? null;
  }

  /** Frees the slots that end at `now` or before. */
  finishUntil(now: number): readonly string[] {
    const ended: string[] = [];
    for (let next = this.#ends.peek(); next !== undefined && next.at <= now;) {
      this.#ends.pop();
      this.pool.finish(next.task);
      ended.push(next.task);
      next = this.#ends.peek();
    }
    return ended;
  }

  /** Gives free slots, as the daemon would, and starts what got one. */
  give(
    limits: PoolLimits,
    now: number,
    durationOf: (decision: SlotDecision) => number,
  ): readonly SlotDecision[] {
    const turn = { strategy: this.#strategy, memory: this.#memory, now };
    const { decisions, memory } = allocatePool(this.pool, limits, turn);
    this.#memory = memory;
    for (const decision of decisions) {
      this.pool.start(decision.task.id, now);
      this.endsAt(decision.task.id, now + durationOf(decision));
    }
    return decisions;
  }
}
