/** When the machine has no container to start: what is not urgent waits for that, so that no start waits for it. */
import type { Session } from "./session.ts";

/** An engine without an operation for so long has finished; what was started alone is recorded by the time its `apply --wait` returns. */
const QUIET_MS = 30;
/** And for each that waits besides: what comes of many together would be in the way of the last one's arrival. */
const EACH_MS = 10;
const MOST_QUIET_MS = 200;
/** On a machine that is never calm nothing waits longer than this. */
const MOST_MS = 5_000;

type Machine = Pick<Session, "slots" | "signal">;

/** Answers a wait that resolves when nothing was asked of the engine for a moment, after five seconds, or when the session ends. */
export function createCalm(): (machine: Machine) => Promise<void> {
  let waiting = 0;
  const quietMs = (): number => Math.min(MOST_QUIET_MS, QUIET_MS + EACH_MS * (waiting - 1));
  return async (machine) => {
    waiting += 1;
    try {
      await calm(machine, quietMs);
    } finally {
      waiting -= 1;
    }
  };
}

async function calm({ slots, signal }: Machine, quietMs: () => number): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const state = { over: signal.aborted };
  const end = (): void => {
    state.over = true;
    resolve();
  };
  const late = setTimeout(end, MOST_MS);
  signal.addEventListener("abort", end, { once: true });
  if (state.over) resolve();
  do {
    await Promise.race([slots.idle(), over]);
    await Promise.race([after(quietMs()), over]);
  } while (slots.busy() && !state.over);
  clearTimeout(late);
  signal.removeEventListener("abort", end);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
