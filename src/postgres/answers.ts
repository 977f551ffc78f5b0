/** Idempotency keys: the same request under the same key gets the answer it got the first time. */
import { hashOf } from "../base/hash.ts";
import { keyReused } from "../base/key-reused.ts";
import type { AnswerDoor } from "./answer-door.ts";
import type { Statements } from "./connection.ts";
import { noneIfNew } from "./errors.ts";
import type { Session } from "./session.ts";

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

/** No key of a write's own transaction begins so: a header holds no space. */
const WHOLE = "answer ";

/** Opens this part of the door: answers as whole requests got them, beside those of single writes above. */
export function openAnswers(session: Session): AnswerDoor {
  return {
    async read(key) {
      // What asks for the answer of a new install is to hear from the daemon that it does not lead yet, not of tables.
      const [row] = await session
        .read<{ bodyHash: string; answer: string }>("answer-read", [WHOLE + key])
        .catch(noneIfNew);
      return row === undefined ? null : { request: row.bodyHash, text: row.answer };
    },
    async keep({ epoch, key, request, text }) {
      await session.write({ operation: "keep answer", epoch }, (tx) =>
        // As a string: jsonb would sort the keys of an object.
        tx.rows("answer-keep", [WHOLE + key, request, JSON.stringify(text)]),
      );
    },
  };
}

async function earlier<T>(tx: Statements, key: string, bodyHash: string): Promise<T> {
  const [row] = await tx.rows<{ bodyHash: string; answer: T }>("answer-read", [key]);
  if (row?.bodyHash === bodyHash) return row.answer;
  throw keyReused(key);
}
