/** Whether Redis is of use. Full, or turned into a replica, it still answers what only reads: only a write tells. */

/** Between tries while it is away. */
const TRY_EVERY_MS = 1_000;

/** INVARIANT: once a call has failed it is tried with a write each second, and only that one's success counts. */
export class Reach {
  readonly #write: () => Promise<unknown>;
  readonly #listeners: ((reachable: boolean) => void)[] = [];
  #last: boolean | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(write: () => Promise<unknown>) {
    this.#write = write;
  }

  onState(listener: (reachable: boolean) => void): void {
    this.#listeners.push(listener);
  }

  failed(): void {
    if (this.#last === false || this.#closed) return;
    this.#tell(false);
    this.#tryIn(TRY_EVERY_MS);
  }

  /** Some call succeeded. */
  answered(): void {
    if (this.#last === null) this.#tell(true);
  }

  /** There is a connection again. */
  connected(): void {
    if (this.#last === false) this.#tryIn(0);
  }

  /** Throws what the write meets. */
  async probe(): Promise<void> {
    await this.#write();
    if (this.#last !== true) this.#tell(true);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #tryIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const again = (): void => this.#tryIn(TRY_EVERY_MS);
    this.#timer = setTimeout(() => void this.probe().catch(again), ms).unref();
  }

  #tell(reachable: boolean): void {
    this.#last = reachable;
    for (const listener of this.#listeners) listener(reachable);
  }
}
