/** Commands that people run beside the agents: each has a marker of its own, so that all of it can be ended. */
import { BerthError } from "../base/errors.ts";
import { condemn } from "./condemn.ts";
import { nextMarker } from "./launch.ts";
import { killTree } from "./tree-kill.ts";

/** A client that never closes its execs must not grow the runner. */
const MAX_OPEN = 1_024;

export class Execs {
  readonly #markers = new Set<number>();

  /** A marker for one more. Throws capacity. */
  open(): number {
    if (this.#markers.size >= MAX_OPEN) {
      const detail = `${MAX_OPEN} commands are open`;
      throw new BerthError("capacity", { code: "runner.exec-full", detail });
    }
    const marker = nextMarker();
    this.#markers.add(marker);
    return marker;
  }

  /** Ends what runs under it. Only markers given out here: an agent's run ends through the configuration. */
  close(marker: number): void {
    if (this.#markers.delete(marker)) void end(marker);
  }
}

async function end(marker: number): Promise<void> {
  const { gone } = await killTree(marker);
  if (!gone) condemn("an exec'd command cannot be killed");
}
