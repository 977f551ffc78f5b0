/** The fencing epoch a runner obeys: a daemon with a lower one was replaced by another. */
import type { Spool } from "./spool.ts";

export type Refusal = Readonly<{ code: string; detail: string }>;

/** INVARIANT: the epoch only rises, and is on disk before it is obeyed. */
export class Fence {
  readonly #spool: Pick<Spool, "readEpoch" | "writeEpoch">;
  #epoch: number;

  constructor(spool: Pick<Spool, "readEpoch" | "writeEpoch">) {
    this.#spool = spool;
    this.#epoch = spool.readEpoch();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** What is known from a file that was written later than the epoch. */
  atLeast(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  /** Null: whoever says this epoch may be obeyed. */
  refusal(epoch: number): Refusal | null {
    if (epoch >= this.#epoch) return null;
    return { code: "runner.epoch-stale", detail: `epoch ${epoch} is below ${this.#epoch}` };
  }

  /** Obeys it from now on, unless it is stale or cannot be written down (full disk): then why not. */
  admit(epoch: number): Refusal | null {
    const stale = this.refusal(epoch);
    if (stale !== null) return stale;
    try {
      this.raise(epoch);
      return null;
    } catch (thrown) {
      return { code: "runner.spool-unwritable", detail: String(thrown) };
    }
  }

  /** Throws when it cannot be written down. */
  raise(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#spool.writeEpoch(epoch);
    this.#epoch = epoch;
  }
}
