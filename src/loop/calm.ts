/** When the machine has no container to start: what is not urgent waits for that, so that no start waits for it. */
import type { Session } from "./session.ts";

/** An engine without an operation for so long has finished what was applied together; and what was started alone is recorded by the time its `apply --wait` returns. */
const QUIET_MS = 30;
/** On a machine that is never calm nothing waits longer than this. */
const MOST_MS = 5_000;

/** Resolves when nothing was asked of the engine for a moment, after five seconds, or when the session ends. */
export async function calm({ slots, signal }: Pick<Session, "slots" | "signal">): Promise<void> {
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
    await Promise.race([after(QUIET_MS), over]);
  } while (slots.busy() && !state.over);
  clearTimeout(late);
  signal.removeEventListener("abort", end);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
