/** A deadline on any outside call: past it the caller gets a transient error at once, whatever the work is still doing. */
import { BerthError } from "../base/errors.ts";

export interface Deadline {
  /** The door; the error's code is `<door>.timeout`. */
  readonly door: string;
  readonly operation: string;
  readonly timeoutMs: number;
}

/** Runs `work`; after `timeoutMs` aborts its signal and throws transient `<door>.timeout`. A late failure of the work is swallowed: nobody waits for it. */
export async function withDeadline<T>(
  deadline: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = timeoutError(deadline);
      reject(error);
      controller.abort(error);
    }, deadline.timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError({ door, operation, timeoutMs }: Deadline): BerthError {
  return new BerthError("transient", {
    code: `${door}.timeout`,
    detail: `${operation} did not answer within ${timeoutMs} ms`,
  });
}
