/** Idempotency keys: the same request under the same key gets the answer it got the first time. */
import { hashOf } from "../base/hash.ts";
import { BerthError } from "../base/errors.ts";
import type { Statements } from "./connection.ts";

export interface Keyed {
  readonly key: string | null;
  /** What makes two requests the same; never the epoch, since a retry may meet the next leader. */
  readonly body: unknown;
}

/** Runs `work` once per key, in the caller's transaction; another body under the same key is conflict `postgres.idempotency-reused`. */
export async function answeredOnce<T>(
  tx: Statements,
  { key, body }: Keyed,
  work: () => Promise<T>,
): Promise<T> {
  if (key === null) return work();
  const bodyHash = hashOf(body);
  const claimed = await tx.rows("answer-claim", [key, bodyHash]);
  if (claimed.length === 0) return earlier<T>(tx, key, bodyHash);
  const answer = await work();
  await tx.rows("answer-write", [key, JSON.stringify(answer)]);
  return answer;
}

async function earlier<T>(tx: Statements, key: string, bodyHash: string): Promise<T> {
  const [row] = await tx.rows<{ bodyHash: string; answer: T }>("answer-read", [key]);
  if (row?.bodyHash === bodyHash) return row.answer;
  throw new BerthError("conflict", {
    code: "postgres.idempotency-reused",
    detail: `the idempotency key ${key} was used for another request`,
    hint: "use a new key for a new request",
  });
}
