/** Every call to the server: through the breaker, under a deadline, its errors translated, and what it tells of reachability. */
import { BerthError } from "../base/errors.ts";
import type { Guard } from "../guard/guard.ts";
import { translate } from "./errors.ts";

export interface Reach {
  guarded<T>(
    operation: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Tells the listeners if this is news. */
  reached(reachable: boolean): void;
  onState(listener: (reachable: boolean) => void): void;
}

/** Any answer, a refusal too, means reachable. */
export function openReach(guard: Guard): Reach {
  const listeners: ((reachable: boolean) => void)[] = [];
  let last: boolean | null = null;
  const reached = (reachable: boolean): void => {
    if (reachable === last) return;
    last = reachable;
    for (const listener of listeners) listener(reachable);
  };
  return {
    reached,
    onState: (listener) => void listeners.push(listener),
    guarded: async (operation, timeoutMs, work) => {
      try {
        const result = await guard.call(operation, timeoutMs, (signal) =>
          translated(operation, () => work(signal)),
        );
        reached(true);
        return result;
      } catch (thrown) {
        reached(thrown instanceof BerthError && thrown.kind !== "transient");
        throw thrown;
      }
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
