/** Who died of memory: the cgroup only counts, so a death is named only when count, signal and moment agree. */

/** A main process that dies of the kill is reported within this time of the counter; afterwards the victim stays unknown. */
const SETTLE_MS = 1_000;

export class OomLedger {
  #lastCount: number | null = null;
  #unclaimed = 0;
  #risenAt = 0;

  /** Takes the cgroup's counter as it stands. */
  read(count: number | null, now: number): void {
    if (count === null) return;
    const risen = this.#lastCount === null ? 0 : count - this.#lastCount;
    this.#lastCount = count;
    if (risen <= 0) return;
    this.#unclaimed += risen;
    this.#risenAt = now;
  }

  /** A main process died of a SIGKILL we did not send: was it one of the counted? */
  claim(): boolean {
    if (this.#unclaimed === 0) return false;
    this.#unclaimed -= 1;
    return true;
  }

  /** Kills that no main process of ours explains, once it is clear that none will. */
  settled(now: number): number {
    if (this.#unclaimed === 0 || now - this.#risenAt < SETTLE_MS) return 0;
    const count = this.#unclaimed;
    this.#unclaimed = 0;
    return count;
  }
}
