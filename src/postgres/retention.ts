/** Forgets what is older than the stated retention, in batches that never hold a lock for long. */
import type { Session } from "./session.ts";

export type RetentionRequest = Readonly<{
  epoch: number;
  runsDays: number;
  eventsDays: number;
  stepsDays: number;
  auditDays: number;
  generationsKept: number;
}>;

const BATCH = 1_000;
/** A call a day deletes at most this many batches a table; what is left goes the next time. */
const BATCHES = 200;
/** Longer than any client goes on retrying one request. */
const ANSWERS_DAYS = 7;
/** A token that ended stays in the list for a month; the audit log keeps it longer. */
const TOKENS_DAYS = 30;

/** Rows deleted by table. */
export async function enforceRetention(
  session: Session,
  request: RetentionRequest,
): Promise<Readonly<Record<string, number>>> {
  const tables = [
    ["run", request.runsDays],
    ["task", request.runsDays],
    ["question", request.runsDays],
    ["event", request.eventsDays],
    ["step", request.stepsDays],
    ["audit", request.auditDays],
    ["token", TOKENS_DAYS],
    ["answer", ANSWERS_DAYS],
    ["generation", request.generationsKept],
  ] as const;
  const gone: Record<string, number> = {};
  for (const [table, bound] of tables)
    gone[table] = await forget(session, request.epoch, [table, bound]);
  return gone;
}

async function forget(
  session: Session,
  epoch: number,
  [table, bound]: readonly [string, number],
): Promise<number> {
  let gone = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const rows = await session.write({ operation: "retention", epoch }, (tx) =>
      tx.rows(`retain-${table}`, [bound, BATCH]),
    );
    gone += rows.length;
    if (rows.length < BATCH) break;
  }
  return gone;
}
