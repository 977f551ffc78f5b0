/** Waiting in tests: a level is polled with a deadline, never slept for. */
import { setTimeout as pause } from "node:timers/promises";

/** Polls until `look` gives something, at most so long. */
export async function eventually<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  deadlineMs = 20_000,
): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(10);
  }
}
