/** Fairness: how evenly contenders got what their weights entitle them to, as Jain's index (1 is perfectly fair). */

/** (Σx)² / (n Σx²): 1 when all are equal, 1/n when one has everything. Null: nothing to compare. */
export function jain(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? null : (sum * sum) / (values.length * squares);
}

/** Decisions over which shares of starts are compared. */
const WINDOW = 100;

export interface Contender {
  readonly project: string;
  readonly weight: number;
  readonly running: number;
}

/**
 * Measured only while at least two projects have work waiting, and only among those: whoever has nothing waiting has all it
 * asked for. Of slot time: what a project held over what its weight entitled it to. Of starts: the worst window of WINDOW
 * decisions during which the same projects contended.
 */
export class FairnessMeter {
  readonly #held = new Map<string, number>();
  readonly #entitled = new Map<string, number>();
  #contenders: readonly Contender[] = [];
  #names = "";
  #window: string[] = [];
  #counts = new Map<string, number>();
  #worst: number | null = null;

  /** `forMs` have passed with these projects waiting. */
  passed(forMs: number, slots: number): void {
    if (forMs <= 0 || this.#contenders.length < 2) return;
    const weights = this.#contenders.reduce((sum, { weight }) => sum + weight, 0);
    for (const { project, weight, running } of this.#contenders) {
      const entitled = (forMs * slots * weight) / weights;
      this.#entitled.set(project, (this.#entitled.get(project) ?? 0) + entitled);
      this.#held.set(project, (this.#held.get(project) ?? 0) + forMs * running);
    }
  }

  /** A slot was given. */
  started(project: string): void {
    this.#window.push(project);
    this.#counts.set(project, (this.#counts.get(project) ?? 0) + 1);
    if (this.#window.length > WINDOW) {
      const oldest = this.#window.shift() ?? "";
      this.#counts.set(oldest, (this.#counts.get(oldest) ?? 0) - 1);
    }
    if (this.#window.length < WINDOW) return;
    const index = jain(
      this.#contenders.map(({ project: name, weight }) => (this.#counts.get(name) ?? 0) / weight),
    );
    if (index !== null) this.#worst = Math.min(this.#worst ?? 1, index);
  }

  /** Who has work waiting from now on, sorted by project. */
  contend(contenders: readonly Contender[]): void {
    const names = contenders.map(({ project }) => project).join(" ");
    if (names !== this.#names) {
      this.#window = [];
      this.#counts = new Map();
      this.#names = names;
    }
    this.#contenders = contenders;
  }

  ofSlotTime(): number | null {
    return jain(
      [...this.#entitled].map(([project, entitled]) => (this.#held.get(project) ?? 0) / entitled),
    );
  }

  ofStarts(): number | null {
    return this.#worst;
  }
}
