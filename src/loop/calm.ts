/** When the machine has no container to start: what is not urgent waits for that, so that no start waits for it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Session } from "./session.ts";

/** An engine without an operation for so long has finished what was applied together. */
const QUIET_MS = 100;
/** On a machine that is never calm nothing waits longer than this. */
const MOST_MS = 5_000;

/** Resolves when nothing was asked of the engine for a moment, after five seconds, or when the session ends. */
export async function calm({ slots, signal }: Pick<Session, "slots" | "signal">): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  const over = new Promise<void>((resolve) =>
    late.addEventListener("abort", () => resolve(), { once: true }),
  );
  for (;;) {
    await Promise.race([slots.idle(), over]);
    await delay(QUIET_MS, undefined, { signal: late }).catch(() => undefined);
    if (!slots.busy() || late.aborted) return;
  }
}
