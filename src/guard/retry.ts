/** Backoff with jitter: how long to wait before attempt n, and a bounded retry of transient failures. */
import { BerthError } from "../base/errors.ts";

export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Attempts in all, the first included. */
  readonly attempts: number;
}

/** Random in [0, 1); passed in so that tests are not a matter of luck. */
export type Chance = () => number;

/** Doubles from `firstMs` up to `maxMs`, of which a random half is taken off, so that many waiters do not come back together. */
export function delayMs(
  policy: Pick<BackoffPolicy, "firstMs" | "maxMs">,
  attempt: number,
  chance: Chance,
): number {
  const full = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * chance());
}

export interface RetryOptions extends BackoffPolicy {
  readonly chance: Chance;
  readonly signal?: AbortSignal;
}

/** Repeats `work` while it fails transiently, at most `attempts` times; any other error, an abort and the last failure are thrown as they are. */
export async function retryTransient<T>(
  options: RetryOptions,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (thrown) {
      const transient = thrown instanceof BerthError && thrown.kind === "transient";
      if (!transient || attempt + 1 >= options.attempts || options.signal?.aborted === true)
        throw thrown;
      await pause(delayMs(options, attempt, options.chance), options.signal);
    }
  }
}

/** Ends early, without an error, when the signal fires: the caller looks at the signal itself. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
