/** Every call to the server: through the breaker, under a deadline, its errors translated, and what it tells of reachability. */
import { BerthError } from "../base/errors.ts";
import type { Guard } from "../guard/guard.ts";
import { isReadOnly, translate } from "./errors.ts";

export interface Reach {
  guarded<T>(
    operation: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** The same for what only reads: a server that refused a write is not back because it answers. */
  reading: Reach["guarded"];
  /** Tells the listeners if this is news. */
  reached(reachable: boolean): void;
  onState(listener: (reachable: boolean) => void): void;
}

/** Any answer, a refusal too, means reachable; but of what takes no writes (a standby, a full disk's guard) only a write's. */
export function openReach(guard: Guard): Reach {
  const listeners: ((reachable: boolean) => void)[] = [];
  let last: boolean | null = null;
  let refusesWrites = false;
  const reached = (reachable: boolean): void => {
    if (reachable === last) return;
    last = reachable;
    if (reachable) refusesWrites = false;
    for (const listener of listeners) listener(reachable);
  };
  const call: Reach["guarded"] = async (operation, timeoutMs, work) => {
    try {
      return await guard.call(operation, timeoutMs, (signal) =>
        translated(operation, () => work(signal)),
      );
    } catch (thrown) {
      const answered = thrown instanceof BerthError && thrown.kind !== "transient";
      refusesWrites ||= isReadOnly(thrown);
      if (!(answered && refusesWrites)) reached(answered);
      throw thrown;
    }
  };
  return {
    reached,
    onState: (listener) => void listeners.push(listener),
    guarded: async (operation, timeoutMs, work) => {
      const result = await call(operation, timeoutMs, work);
      reached(true);
      return result;
    },
    reading: async (operation, timeoutMs, work) => {
      const result = await call(operation, timeoutMs, work);
      if (!refusesWrites) reached(true);
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
