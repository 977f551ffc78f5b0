/** Accepts tasks: durable before it answers, each row by itself. */
import { hashOf } from "../base/hash.ts";
import { BerthError } from "../base/errors.ts";
import { isTerminal } from "../model/task.ts";
import type { TaskRecord, TaskState } from "../model/task.ts";
import type { Statements } from "./connection.ts";
import type { Asker } from "./door.ts";
import { arrayLiteral, keptJson } from "./json-text.ts";
import type { Session } from "./session.ts";
import type { SubmitRow } from "./task-door.ts";
import { isTaskId } from "./task-id.ts";
import type { RecordRow } from "./task-settle.ts";

export type Submitted =
  | Readonly<{ ok: true; task: TaskRecord; fresh: boolean }>
  | Readonly<{ ok: false; code: string; detail: string }>;

/** Rows a statement; a batch of any size is one transaction. */
const STRETCH = 500;

/** See `TaskDoor.submit`. */
export async function submit(
  session: Session,
  { epoch, rows, by }: Readonly<{ epoch: number; rows: readonly SubmitRow[]; by: Asker }>,
): Promise<readonly Submitted[]> {
  if (rows.length === 0) return [];
  return session.write({ operation: "submit tasks", epoch }, async (tx) => {
    const answers: Submitted[] = [];
    for (let from = 0; from < rows.length; from += STRETCH)
      answers.push(...(await submitIn(tx, rows.slice(from, from + STRETCH), by)));
    await auditFresh(tx, answers, { epoch, by });
    return answers;
  });
}

/** What was new is audited with it; an answer given again changed nothing. */
async function auditFresh(
  tx: Statements,
  answers: readonly Submitted[],
  { epoch, by }: Readonly<{ epoch: number; by: Asker }>,
): Promise<void> {
  const fresh = answers.flatMap((answer) => (answer.ok && answer.fresh ? [answer.task] : []));
  if (fresh.length === 0) return;
  await tx.rows("audit-submitted", [
    by.who,
    by.claim,
    by.reason,
    epoch,
    fresh.map((task) => task.project),
    fresh.map((task) => task.agent),
    fresh.map((task) => task.id),
  ]);
}

type Draft = Readonly<{
  at: number;
  row: SubmitRow;
  payload: string;
  bodyHash: string | null;
  /** Those it comes after that have not ended. */
  unmet: readonly string[];
  blockedBy: Need | null;
}>;
type Need = Readonly<{ id: string; project: string; state: TaskState }>;

async function submitIn(
  tx: Statements,
  rows: readonly SubmitRow[],
  by: Asker,
): Promise<readonly Submitted[]> {
  const answers: (Submitted | undefined)[] = rows.map(faultOf);
  const left = (): readonly number[] =>
    rows.flatMap((_, at) => (answers[at] === undefined ? [at] : []));
  const settle = async (one: (row: SubmitRow) => Submitted | undefined): Promise<void> => {
    for (const at of left()) answers[at] = one(rowAt(rows, at));
  };
  await settle(
    await projectsOf(
      tx,
      left().map((at) => rowAt(rows, at)),
    ),
  );
  await settle(
    await earlierOf(
      tx,
      left().map((at) => rowAt(rows, at)),
    ),
  );
  const needs = await needsOf(
    tx,
    left().map((at) => rowAt(rows, at)),
  );
  await settle((row) => dependencyFault(row, needs));
  const drafts = left().map((at) => draftOf(at, rowAt(rows, at), needs));
  for (const { at, record } of await insertIn(tx, drafts, by))
    answers[at] = { ok: true, task: record, fresh: true };
  // Another transaction, or an earlier row of this one, was first with the same key.
  await settle(
    await earlierOf(
      tx,
      left().map((at) => rowAt(rows, at)),
    ),
  );
  return answers.map((answer, at) => answer ?? keyLost(rowAt(rows, at)));
}

function rowAt(rows: readonly SubmitRow[], at: number): SubmitRow {
  const row = rows[at];
  if (row === undefined) throw new RangeError(`no row ${at}`);
  return row;
}

function refused(code: string, detail: string): Submitted {
  return { ok: false, code, detail };
}

/** What the database would refuse, and the whole batch with it. */
function faultOf(row: SubmitRow): Submitted | undefined {
  if (keptJson(row.payload) === null)
    return refused(
      "postgres.task-invalid",
      "the payload is larger than 256 KiB or nested too deeply",
    );
  const texts = [row.project, row.agent, row.idempotencyKey ?? "", ...row.tags];
  if (texts.some((text) => text.includes("\0") || !text.isWellFormed()))
    return refused("postgres.task-invalid", "a name, tag or key holds what is no text");
  const whole = [
    row.priorityUsed,
    row.complexity,
    row.maxAttempts,
    row.backoffMs,
    row.timeoutMs,
    row.deadlineAt ?? 0,
  ];
  if (!whole.every(Number.isSafeInteger) || row.maxAttempts < 1)
    return refused(
      "postgres.task-invalid",
      "priority, complexity, attempts and times are whole numbers",
    );
  return undefined;
}

type Check = (row: SubmitRow) => Submitted | undefined;

async function projectsOf(tx: Statements, rows: readonly SubmitRow[]): Promise<Check> {
  const found = await tx.rows<{ name: string; leaving: boolean }>("task-projects", [
    [...new Set(rows.map((row) => row.project))],
  ]);
  const leaving = new Map(found.map((row) => [row.name, row.leaving]));
  return ({ project }) => {
    const is = leaving.get(project);
    if (is === false) return undefined;
    return is === undefined
      ? refused("postgres.project-unknown", `no project named ${project} is recorded`)
      : refused("postgres.project-leaving", `${project} is being removed`);
  };
}

/** Answers rows whose key is known. */
async function earlierOf(tx: Statements, rows: readonly SubmitRow[]): Promise<Check> {
  const keyed = rows.filter((row) => row.idempotencyKey !== null);
  if (keyed.length === 0) return () => undefined;
  const found = await tx.rows<RecordRow & { project: string; key: string; bodyHash: string }>(
    "task-keyed",
    [keyed.map((row) => row.project), keyed.map((row) => row.idempotencyKey)],
  );
  const known = new Map(found.map((one) => [JSON.stringify([one.project, one.key]), one]));
  return (row) => {
    const one = known.get(JSON.stringify([row.project, row.idempotencyKey]));
    if (one === undefined) return undefined;
    return one.bodyHash === bodyHashOf(row)
      ? { ok: true, task: one.record, fresh: false }
      : refused(
          "postgres.idempotency-reused",
          `the idempotency key ${row.idempotencyKey ?? ""} was used for another task`,
        );
  };
}

async function needsOf(
  tx: Statements,
  rows: readonly SubmitRow[],
): Promise<ReadonlyMap<string, Need>> {
  const ids = [...new Set(rows.flatMap((row) => row.after.filter(isTaskId)))];
  if (ids.length === 0) return new Map();
  const found = await tx.rows<Need & Record<string, unknown>>("task-needs", [ids]);
  return new Map(found.map((need) => [need.id, need]));
}

function dependencyFault(row: SubmitRow, needs: ReadonlyMap<string, Need>): Submitted | undefined {
  const unknown = row.after.filter((id) => needs.get(id)?.project !== row.project);
  return unknown.length === 0
    ? undefined
    : refused("task.dependency-unknown", `${row.project} has no task ${unknown.join(", ")}`);
}

function draftOf(at: number, row: SubmitRow, needs: ReadonlyMap<string, Need>): Draft {
  const all = [...new Set(row.after)].flatMap((id) => needs.get(id) ?? []);
  return {
    at,
    row,
    payload: keptJson(row.payload) ?? "null",
    bodyHash: row.idempotencyKey === null ? null : bodyHashOf(row),
    unmet: all.filter((need) => !isTerminal(need.state)).map((need) => need.id),
    blockedBy: all.find((need) => isTerminal(need.state) && need.state !== "succeeded") ?? null,
  };
}

/** What the caller asked, not what the policy of the day made of it. */
function bodyHashOf(row: SubmitRow): string {
  const { project, agent, payload, priority, deadlineAt, tags, complexity, after } = row;
  return hashOf({ project, agent, payload, priority, deadlineAt, tags, complexity, after });
}

async function insertIn(
  tx: Statements,
  drafts: readonly Draft[],
  by: Asker,
): Promise<readonly Readonly<{ at: number; record: TaskRecord }>[]> {
  if (drafts.length === 0) return [];
  const of = <T>(column: (draft: Draft) => T): readonly T[] => drafts.map(column);
  const written = await tx.rows<RecordRow & { place: number }>("task-insert", [
    by.who,
    by.claim,
    of(({ row }) => row.project),
    of(({ row }) => row.agent),
    of(({ payload }) => payload),
    of(({ row }) => row.priorityUsed),
    of(({ row }) => row.complexity),
    of(({ row }) => row.deadlineAt),
    of(({ row }) => arrayLiteral(row.tags)),
    of(({ row }) => arrayLiteral(row.after)),
    of(({ unmet }) => arrayLiteral(unmet)),
    of(({ row }) => row.maxAttempts),
    of(({ row }) => row.backoffMs),
    of(({ row }) => row.timeoutMs),
    of(({ row }) => row.idempotencyKey),
    of(({ bodyHash }) => bodyHash),
    of(({ blockedBy }) => blockedBy?.id ?? null),
    of(({ blockedBy }) => blockedBy?.state ?? null),
  ]);
  return written.flatMap(({ place, record }) => {
    const draft = drafts[place - 1];
    return draft === undefined ? [] : [{ at: draft.at, record }];
  });
}

/** The task that held the key was forgotten just now. */
function keyLost(row: SubmitRow): never {
  throw new BerthError("conflict", {
    code: "postgres.write-contended",
    detail: `the idempotency key ${row.idempotencyKey ?? ""} is being forgotten`,
  });
}
