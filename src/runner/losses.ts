/** What of runs' output was lost, in sums: an agent that floods loses a segment every few milliseconds, and each told is a record. */

const EVERY_MS = 10_000;

/** INVARIANT: every byte is told once, at the latest EVERY_MS after it was lost, or with `end`. */
export class Losses {
  readonly #tell: (run: string, bytes: number) => void;
  readonly #untold = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(tell: (run: string, bytes: number) => void) {
    this.#tell = tell;
  }

  /** The first is told at once; more within the time are told together. */
  add(run: string, bytes: number): void {
    this.#untold.set(run, (this.#untold.get(run) ?? 0) + bytes);
    if (this.#timer === null) this.#tellAll();
  }

  /** Tells now what this run lost: nothing of it comes any more. */
  tell(run: string): void {
    const bytes = this.#untold.get(run) ?? 0;
    this.#untold.delete(run);
    if (bytes > 0) this.#tell(run, bytes);
  }

  end(): void {
    this.#tellAll();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #tellAll(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const any = this.#untold.size > 0;
    for (const run of this.#untold.keys()) this.tell(run);
    this.#timer = any ? setTimeout(() => this.#tellAll(), EVERY_MS).unref() : null;
  }
}
