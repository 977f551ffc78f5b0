/** Which runs of tasks were accepted already, so that none is started twice however often the daemon asks. */
import type { Journal } from "./journal.ts";

/** Older ones are settled by far: the daemon asks again within seconds, not thousands of tasks. */
const MAX_KNOWN_RUNS = 10_000;

export class KnownRuns {
  readonly #journal: Pick<Journal, "ackedSeq" | "readAfter">;
  readonly #max: number;
  #runs: Set<string> | null = null;

  constructor(journal: Pick<Journal, "ackedSeq" | "readAfter">, max = MAX_KNOWN_RUNS) {
    this.#journal = journal;
    this.#max = max;
  }

  has(run: string): boolean {
    return this.#all().has(run);
  }

  add(run: string): void {
    const runs = this.#all();
    runs.add(run);
    for (const oldest of runs) {
      if (runs.size <= this.#max) return;
      runs.delete(oldest);
    }
  }

  /** Earlier boots' runs too, unless the daemon has acknowledged their end. Read with the first task: boots stay quick. */
  #all(): Set<string> {
    if (this.#runs !== null) return this.#runs;
    const runs = new Set<string>();
    let seq = this.#journal.ackedSeq;
    for (;;) {
      const events = this.#journal.readAfter(seq);
      const last = events.at(-1);
      if (last === undefined) break;
      seq = last.seq;
      for (const event of events) if ("run" in event) runs.add(event.run);
    }
    this.#runs = runs;
    return runs;
  }
}
