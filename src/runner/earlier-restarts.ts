/** How often replicas had been started again when the container died: it counts on from there. */
import type { RunMeta } from "../protocol/spool.ts";

export class EarlierRestarts {
  /** By agent and number. */
  readonly #counts = new Map<string, number>();

  /** Runs that were lost with the container; what was stopped before begins anew. */
  lost(runs: readonly RunMeta[]): void {
    for (const { agent, replica, restarts = 0 } of runs) {
      const key = `${agent}/${replica}`;
      this.#counts.set(key, Math.max(restarts + 1, this.#counts.get(key) ?? 0));
    }
  }

  /** Once: a replica that is dismissed and wanted again is another. */
  take(agent: string, replica: number): number {
    const key = `${agent}/${replica}`;
    const count = this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
    return count;
  }
}
