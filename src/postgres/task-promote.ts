/** Moves waiting tasks whose time has come: backoff over, awaited tasks succeeded or not, deadline passed. */
import type { TaskRecord, WaitingTask } from "../model/task.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";
import type { HeldBack } from "./task-door.ts";
import type { RecordRow } from "./task-settle.ts";

/** Rows a statement. */
const BATCH = 500;
/** Statements of a kind a call; what is left is due at once, and `nextAt` says so. */
const ROUNDS = 8;

export type Promotion = Readonly<{
  ready: readonly WaitingTask[];
  ended: readonly TaskRecord[];
  nextAt: number | null;
  awaited: boolean;
}>;

/** See `TaskDoor.promote`. A cancelled task cancels those that come after it: round by round, down the chain. */
export async function promote(
  session: Session,
  epoch: number,
  { now, held }: Readonly<{ now: number; held: readonly HeldBack[] }>,
): Promise<Promotion> {
  const why = [
    held.map(({ project }) => project),
    held.map(({ agent }) => agent),
    held.map(({ text }) => text),
  ];
  return session.write({ operation: "promote tasks", epoch }, async (tx) => {
    const overdue = await endIn(tx, "task-overdue", [now, BATCH, ...why]);
    const blocked = await endIn(tx, "task-blocked", [BATCH]);
    const ready = await rounds<WaitingTask & Record<string, unknown>>(tx, "task-due", [now, BATCH]);
    const [next] = await tx.rows<{ at: number | null; awaited: boolean }>("task-next-due", [now]);
    const { at: nextAt, awaited } = next ?? { at: null, awaited: true };
    return { ready, ended: [...overdue, ...blocked], nextAt, awaited };
  });
}

async function endIn(
  tx: Statements,
  query: string,
  values: readonly unknown[],
): Promise<readonly TaskRecord[]> {
  const rows = await rounds<RecordRow>(tx, query, values);
  return rows.map((row) => row.record);
}

async function rounds<R extends Record<string, unknown>>(
  tx: Statements,
  query: string,
  values: readonly unknown[],
): Promise<readonly R[]> {
  const all: R[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = await tx.rows<R>(query, values);
    all.push(...rows);
    if (rows.length === 0) break;
  }
  return all;
}
