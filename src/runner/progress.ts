/** How far one task is, by its own word: the latest counts, told at most five times a second. */

export interface Progress {
  readonly fraction: number;
  readonly text: string;
}

const EVERY_MS = 200;

export class ProgressTeller {
  readonly #tell: (progress: Progress) => void;
  #latest: Progress | null = null;
  #timer: NodeJS.Timeout | null = null;
  #untold = false;

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell;
  }

  get latest(): Progress | null {
    return this.#latest;
  }

  say(progress: Progress): void {
    this.#latest = progress;
    this.#untold = true;
    if (this.#timer === null) this.#tellLatest();
  }

  /** Tells what was held back; nothing is told afterwards. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#latest !== null && this.#untold) this.#tell(this.#latest);
    this.#untold = false;
  }

  #tellLatest(): void {
    this.#timer = null;
    if (this.#latest === null || !this.#untold) return;
    this.#untold = false;
    this.#tell(this.#latest);
    this.#timer = setTimeout(() => this.#tellLatest(), EVERY_MS);
  }
}
