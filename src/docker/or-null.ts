/** "Not found" as a value: for look-ups and removals it is an answer. */
import { isNotFound } from "./errors.ts";

/** What the call answers, or null when the object is not there. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (thrown) {
    if (isNotFound(thrown)) return null;
    throw thrown;
  }
}
