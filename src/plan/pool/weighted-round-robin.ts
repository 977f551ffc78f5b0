/** Strategy `weighted-round-robin`: slots are given in turn, as often as weight times measured performance says. */
import { Heap } from "./heap.ts";
import type { ProjectSight, Round, Strategy, StrategyMemory } from "./strategy.ts";

/**
 * The turns of a project with share f = its weight over everybody's lie in virtual time: the j-th may not start before
 * (j − 1)/f and should not end after j/f; virtual time moves by one per slot given. Among the turns that may start, the
 * one that ends first is next (Tijdeman 1980; WF²Q). With constant contenders each project is then within one slot of its
 * exact share after every decision, counted from any instant at which all were level, and waits fewer than 2/f decisions
 * between two slots. Between any two instants it is within two slots, and no rule can promise one for all weights (only
 * proportions like 1:2:4 have perfectly balanced sequences, and for these this rule finds them).
 *
 * Virtual time is kept relative: 0 is now. Who does not contend keeps no claim, so idling is not saved up; a guarantee
 * used beyond the share is a debt of at most one turn.
 */
export const WEIGHTED_ROUND_ROBIN: Strategy = {
  name: "weighted-round-robin",
  bound: "fewer than 2 x (all weights / its weight) slots are given between two of a project's",
  open: (sights, { numbers }) => new Turns(sights, numbers),
};

interface Turn {
  readonly sight: ProjectSight;
  readonly weight: number;
  /** When its next turn may start, and when that should have ended. */
  start: number;
  end: number;
  place: number;
  may: boolean;
}

/** Turns nobody with constant weight ever falls behind; bounds the burst after its weight was raised. */
const MOST_BEHIND = 2;
/** Sums of fractions miss by less than this. */
const SLACK = 1e-9;

class Turns implements Round {
  readonly #turns = new Map<string, Turn>();
  readonly #future = heapOf((a, b) => a.start - b.start);
  readonly #ready = heapOf((a, b) => a.end - b.end || a.start - b.start);
  /** When projects that do not contend may have their next turn: they have had the last one early. */
  readonly #early = new Map<string, number>();
  #weights = 0;
  #now = 0;

  constructor(sights: readonly ProjectSight[], numbers: StrategyMemory["numbers"]) {
    for (const sight of sights) {
      if (!sight.contends) continue;
      const weight = sight.weight * sight.performance;
      const claimed = numbers.get(sight.project)?.[0] ?? 0;
      const start = Math.max(-MOST_BEHIND / weight, Math.min(claimed, 1 / weight));
      const turn = { sight, weight, start, end: start + 1 / weight, place: -1, may: false };
      this.#turns.set(sight.project, turn);
      this.#future.push(turn);
      this.#weights += weight;
    }
    for (const [project, [start = 0]] of numbers)
      if (!this.#turns.has(project) && start > 0) this.#early.set(project, start);
  }

  next(): Readonly<{ project: string; why: Readonly<Record<string, number>> }> | null {
    this.#ripen();
    const turn = this.#ready.peek();
    if (turn === undefined) return null;
    const { sight } = turn;
    return {
      project: sight.project,
      why: {
        weight: sight.weight,
        performance: sight.performance,
        share: turn.weight / this.#weights,
        behind: (this.#now - turn.start) * turn.weight,
      },
    };
  }

  granted(project: string): void {
    const turn = this.#turns.get(project);
    if (turn === undefined || turn.place < 0) return;
    this.#now += 1 / this.#weights;
    (turn.may ? this.#ready : this.#future).removeAt(turn.place);
    turn.may = false;
    turn.start = turn.end;
    turn.end += 1 / turn.weight;
    if (turn.sight.contends) return this.#future.push(turn);
    this.#weights = this.#turns.size === 1 ? 0 : this.#weights - turn.weight;
    this.#turns.delete(project);
    this.#early.set(project, turn.start);
  }

  memory(): StrategyMemory["numbers"] {
    const numbers = new Map<string, readonly number[]>();
    for (const [project, start] of this.#early)
      if (start - this.#now > SLACK) numbers.set(project, [start - this.#now]);
    for (const [project, { start }] of this.#turns) numbers.set(project, [start - this.#now]);
    return numbers;
  }

  /** Turns whose time has come move over; if there is none, time jumps to the first. */
  #ripen(): void {
    const first = this.#future.peek();
    if (this.#ready.size === 0 && first !== undefined) this.#now = Math.max(this.#now, first.start);
    for (;;) {
      const turn = this.#future.peek();
      if (turn === undefined || turn.start > this.#now + SLACK) return;
      this.#future.removeAt(turn.place);
      turn.may = true;
      this.#ready.push(turn);
    }
  }
}

function heapOf(compare: (a: Turn, b: Turn) => number): Heap<Turn> {
  return new Heap<Turn>({
    before: (a, b) => {
      const order = compare(a, b);
      return Math.abs(order) > SLACK ? order < 0 : a.sight.project < b.sight.project;
    },
    moved: (turn, place) => {
      turn.place = place;
    },
  });
}
