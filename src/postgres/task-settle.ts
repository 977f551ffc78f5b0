/** Ends attempts: the slot is free, the task moves on, and whoever listens hears of it after the commit. */
import type { AttemptOutcome, SettledTask, TaskRecord } from "../model/task.ts";
import { nextOf } from "./attempt-next.ts";
import type { AttemptEnd, OpenAttempt } from "./attempt-next.ts";
import type { Statements } from "./connection.ts";
import { keptJson, keptText } from "./json-text.ts";
import type { Session } from "./session.ts";

export type SettledListener = (tasks: readonly SettledTask[]) => void;

/** Who is told of tasks that ended or went back, once that is durable. */
export interface Settled {
  listen(listener: SettledListener): void;
  tell(tasks: readonly SettledTask[]): void;
}

/** A listener that throws does not undo what is committed: it is told to `trouble`. */
export function openSettled(session: Pick<Session, "trouble">): Settled {
  const listeners: SettledListener[] = [];
  return {
    listen: (listener) => void listeners.push(listener),
    tell: (tasks) => {
      if (tasks.length === 0) return;
      for (const listener of listeners)
        try {
          listener(tasks);
        } catch (thrown) {
          session.trouble("settled listener", thrown);
        }
    },
  };
}

export interface RecordRow {
  readonly record: TaskRecord;
  readonly [column: string]: unknown;
}

/**
 * Ends attempts in the caller's transaction, those of one project or of any. INVARIANT: an attempt ends once (its row says so, a trigger guards it), and its
 * task moves in the same transaction: so whatever is told again, told late or killed in between, no attempt counts twice.
 */
export async function settleIn(
  tx: Statements,
  ends: readonly AttemptEnd[],
  project: string | null,
): Promise<readonly SettledTask[]> {
  if (ends.length === 0) return [];
  const open = new Map(
    (
      await tx.rows<OpenAttempt & Record<string, unknown>>("attempt-lock", [
        ends.map((end) => end.run),
        project,
      ])
    ).map((row) => [row.run, row]),
  );
  const moves = ends.flatMap((told) => {
    const row = open.get(told.run);
    open.delete(told.run);
    if (row === undefined) return [];
    const { end, result } = keptOf(told);
    return [{ end, result, next: nextOf(row, end) }];
  });
  if (moves.length === 0) return [];
  const rows = await tx.rows<RecordRow & { outcome: AttemptOutcome }>("attempt-end", [
    moves.map(({ end }) => end.run),
    moves.map(({ end }) => end.outcome),
    moves.map(({ end }) => end.exitCode),
    moves.map(({ end }) => end.signal),
    moves.map(({ result }) => result),
    moves.map(({ end }) => end.reason),
    moves.map(({ end }) => end.endedAt),
    moves.map(({ next }) => next.state),
    moves.map(({ next }) => next.reason),
    moves.map(({ next }) => next.waitMs),
    moves.map(({ end }) => end.startedAt),
  ]);
  return rows.map(({ record, outcome }) => ({ ...record, outcome }));
}

const UNKEPT = "its result was not kept: larger than 256 KiB or nested too deeply";

/** What the database can keep of it: an agent's result or words never hold up the journal that tells them. */
function keptOf(told: AttemptEnd): Readonly<{ end: AttemptEnd; result: string | null }> {
  const given = told.result !== undefined && told.result !== null;
  const result = given ? keptJson(told.result) : null;
  const unkept = given && result === null ? UNKEPT : null;
  const reason = told.reason === null ? unkept : keptText(told.reason);
  return { end: { ...told, reason }, result };
}
