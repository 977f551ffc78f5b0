/** The error of an idempotency key that comes again with something else. */
import { BerthError } from "./errors.ts";

/** One idempotency key for two different requests. */
export function keyReused(key: string): BerthError {
  return new BerthError("conflict", {
    code: "postgres.idempotency-reused",
    detail: `the idempotency key ${key} was used for another request`,
    hint: "use a new key for a new request",
  });
}
