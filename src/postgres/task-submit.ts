/** Accepts tasks: durable before it answers, each row by itself. */
import { isKeepable } from "../base/controls.ts";
import { hashOf } from "../base/hash.ts";
import { BerthError } from "../base/errors.ts";
import { isTerminal } from "../model/task.ts";
import type { TaskRecord, TaskRequest, TaskState } from "../model/task.ts";
import type { Ask, Statements, Transaction } from "./connection.ts";
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

/**
 * See `TaskDoor.submit`. The common case costs one round trip: what may be written is, and only what was not is looked
 * into, after the commit.
 */
export async function submit(
  session: Session,
  { epoch, rows, by }: Readonly<{ epoch: number; rows: readonly SubmitRow[]; by: Asker }>,
): Promise<readonly Submitted[]> {
  const answers: (Submitted | undefined)[] = rows.map(faultOf);
  const sound = rows.flatMap((row, at) => (answers[at] === undefined ? [{ at, row }] : []));
  if (sound.length > 0) {
    const written = await session.write({ operation: "submit tasks", epoch }, (tx) =>
      writeAll(tx, sound, { epoch, by }),
    );
    for (const { at, record } of written) answers[at] = { ok: true, task: record, fresh: true };
  }
  const left = sound.filter(({ at }) => answers[at] === undefined);
  if (left.length > 0) {
    const verdictOn = await unwritten(
      session,
      left.map(({ row }) => row),
    );
    for (const { at, row } of left) answers[at] = verdictOn(row);
  }
  return answers.map((answer, at) => answer ?? keyLost(rowAt(rows, at)));
}

/** See `TaskDoor.repeated`. */
export async function repeated(session: Session, request: TaskRequest): Promise<Submitted | null> {
  const reads: Statements = { rows: (query, values) => session.read(query, values) };
  return (await earlierOf(reads, [request]))(request) ?? null;
}

type Placed = Readonly<{ at: number; row: SubmitRow }>;
type Written = Readonly<{ at: number; record: TaskRecord }>;
type Under = Readonly<{ epoch: number; by: Asker }>;

async function writeAll(
  tx: Transaction,
  rows: readonly Placed[],
  under: Under,
): Promise<readonly Written[]> {
  const needs = await needsOf(
    tx,
    rows.map(({ row }) => row),
  );
  const drafts = rows
    .filter(({ row }) => dependencyFault(row, needs) === undefined)
    .map(({ at, row }) => draftOf(at, row, needs));
  const asked: Promise<readonly Written[]>[] = [];
  for (let from = 0; from < drafts.length; from += STRETCH) {
    const ask = from + STRETCH < drafts.length ? tx.rows : tx.last;
    asked.push(insertIn(ask, drafts.slice(from, from + STRETCH), under));
  }
  return (await Promise.all(asked)).flat();
}

/** Why a row was not written: its project, a key that is taken, or what it comes after. */
async function unwritten(
  session: Session,
  rows: readonly SubmitRow[],
): Promise<(row: SubmitRow) => Submitted> {
  const reads: Statements = { rows: (query, values) => session.read(query, values) };
  const [inProject, earlier, needs] = await Promise.all([
    projectsOf(reads, rows),
    earlierOf(reads, rows),
    needsOf(reads, rows),
  ]);
  return (row) => earlier(row) ?? inProject(row) ?? dependencyFault(row, needs) ?? keyLost(row);
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
  if (!texts.every(isKeepable))
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
  const found = await tx.rows<{ name: string; leaving: boolean }>("project-keep", [
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
async function earlierOf(
  tx: Statements,
  rows: readonly TaskRequest[],
): Promise<(row: TaskRequest) => Submitted | undefined> {
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

/** What the caller said, not what the policy of the day or the clock made of it. */
function bodyHashOf(row: TaskRequest): string {
  const { project, agent, payload, priority, deadlineMs, tags, complexity, after } = row;
  const deadlineAt = deadlineMs === null ? row.deadlineAt : null;
  const said = { project, agent, payload, priority, deadlineAt, tags, complexity, after };
  // absent, as it was before there was one: keys of then are known on
  return hashOf(deadlineMs === null ? said : { ...said, deadlineMs });
}

async function insertIn(
  ask: Ask,
  drafts: readonly Draft[],
  { epoch, by }: Under,
): Promise<readonly Written[]> {
  const of = <T>(column: (draft: Draft) => T): readonly T[] => drafts.map(column);
  const written = await ask<RecordRow & { place: number }>("task-insert", [
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
    by.reason,
    epoch,
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
