/** Every call to the server: through the breaker, under a deadline, its errors translated, and what it tells of reachability. */
import { BerthError } from "../base/errors.ts";
import type { Guard } from "../guard/guard.ts";
import { refusedWrites, translate } from "./errors.ts";

export interface Reach {
  guarded<T>(
    operation: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** The same for what only reads: a server that refused a write is not back because it answers. */
  reading: Reach["guarded"];
  /** A write was refused for want of room: only `reached` ends that. */
  isFull(): boolean;
  /** Tells the listeners if this is news. */
  reached(reachable: boolean): void;
  onState(listener: (reachable: boolean) => void): void;
}

/**
 * Any answer, a refusal too, means reachable; but of what takes no writes (a standby, a full disk's guard) only a write's. On a full
 * disk writes that fit into what is there succeed among those that do not, so there neither is a sign.
 */
export function openReach(guard: Guard): Reach {
  const listeners: ((reachable: boolean) => void)[] = [];
  let last: boolean | null = null;
  let refuses: ReturnType<typeof refusedWrites> = null;
  const reached = (reachable: boolean): void => {
    if (reachable) refuses = null;
    if (reachable === last) return;
    last = reachable;
    for (const listener of listeners) listener(reachable);
  };
  const call: Reach["guarded"] = async (operation, timeoutMs, work) => {
    try {
      return await guard.call(operation, timeoutMs, (signal) =>
        translated(operation, () => work(signal)),
      );
    } catch (thrown) {
      const answered = thrown instanceof BerthError && thrown.kind !== "transient";
      refuses = refusedWrites(thrown) ?? refuses;
      if (!answered || refuses === null) reached(answered);
      throw thrown;
    }
  };
  return {
    reached,
    isFull: () => refuses === "large",
    onState: (listener) => void listeners.push(listener),
    guarded: async (operation, timeoutMs, work) => {
      const result = await call(operation, timeoutMs, work);
      if (refuses !== "large") reached(true);
      return result;
    },
    reading: async (operation, timeoutMs, work) => {
      const result = await call(operation, timeoutMs, work);
      if (refuses === null) reached(true);
      return result;
    },
  };
}

async function translated<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw translate(operation, thrown);
  }
}
