/** A bell: whoever waits is woken by the next ring; the waiter then looks at the level, so no ring is ever missed. */
export class Bell {
  #waiting = new Set<() => void>();

  ring(): void {
    const woken = this.#waiting;
    this.#waiting = new Set();
    for (const wake of woken) wake();
  }

  /** Resolves at the next ring of this bell, or of any other given. */
  next(...others: readonly Bell[]): Promise<void> {
    const bells = [this, ...others];
    return new Promise((resolve) => {
      const wake = (): void => {
        for (const bell of bells) bell.#waiting.delete(wake);
        resolve();
      };
      for (const bell of bells) bell.#waiting.add(wake);
    });
  }
}
