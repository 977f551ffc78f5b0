/** Questions as runners' journals tell of them: asked, delivered, taken back, and ended with their runs. */
import { inShort } from "../model/question.ts";
import type { QuestionRecord } from "../model/question.ts";
import type { JournalEvent } from "../model/run.ts";
import type { Statements } from "./connection.ts";
import type { TimedEvent } from "./events.ts";
import { endsOf } from "./journal-rows.ts";
import { keptText } from "./json-text.ts";
import { isTaskId } from "./task-id.ts";

export interface RecordRow {
  readonly record: QuestionRecord;
  readonly [column: string]: unknown;
}

const RUN_ENDED = "its run ended";

/** Writes what a stretch of journal says of questions, in the caller's transaction; answers the events that tell of it. */
export async function writeQuestions(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<readonly TimedEvent[]> {
  const asked = await ask(tx, project, events);
  await deliver(tx, project, events);
  const withdrawn = await withdraw(tx, project, events);
  const ended = endsOf(events, 0).map(({ id }) => id);
  const left =
    ended.length === 0 ? [] : await endQuestions(tx, project, { runs: ended, reason: RUN_ENDED });
  return [...asked, ...withdrawn, ...left];
}

/** Withdraws what these runs, or all of the project, had asked; answers the events that tell of it. */
export async function endQuestions(
  tx: Statements,
  project: string,
  { runs, reason }: Readonly<{ runs: readonly string[] | null; reason: string }>,
): Promise<readonly TimedEvent[]> {
  return withdrawals(await tx.rows<RecordRow>("question-end", [project, runs, keptText(reason)]));
}

async function ask(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<readonly TimedEvent[]> {
  const asked = events.flatMap((event) =>
    event.kind === "asked"
      ? [
          {
            run: event.run,
            key: event.question,
            agent: event.agent,
            replica: event.replica,
            task: event.task !== undefined && isTaskId(event.task) ? event.task : null,
            text: keptText(event.text),
            choices: event.choices.map(keptText),
            waits: event.waits,
            at: event.at,
          },
        ]
      : [],
  );
  if (asked.length === 0) return [];
  const rows = await tx.rows<RecordRow>("question-ask", [project, JSON.stringify(asked)]);
  return rows.map(({ record }) => ({
    project,
    kind: "question.asked",
    cause: "runner",
    message: `${nameOf(record)} asks: ${inShort(record.text)}`,
    fields: fieldsOf(record),
    at: record.askedAt,
  }));
}

async function deliver(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<void> {
  const told = events.flatMap((event) => (event.kind === "answered" ? [event] : []));
  if (told.length === 0) return;
  await tx.rows("question-deliver", [project, ...namesOf(told), told.map(({ at }) => at)]);
}

async function withdraw(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<readonly TimedEvent[]> {
  const told = events.flatMap((event) => (event.kind === "withdrawn" ? [event] : []));
  if (told.length === 0) return [];
  const rows = await tx.rows<RecordRow>("question-withdraw", [
    project,
    ...namesOf(told),
    told.map(({ reason }) => keptText(reason)),
    told.map(({ at }) => at),
  ]);
  return withdrawals(rows);
}

function namesOf(
  told: readonly Readonly<{ run: string; question: string }>[],
): readonly (readonly string[])[] {
  return [told.map(({ run }) => run), told.map(({ question }) => question)];
}

function withdrawals(rows: readonly RecordRow[]): readonly TimedEvent[] {
  return rows.flatMap(({ record }) => {
    if (record.state !== "withdrawn") return [];
    const { id, project, withdrawnReason } = record;
    const message = `question ${id} of ${nameOf(record)} is withdrawn: ${withdrawnReason}`;
    const fields = fieldsOf(record);
    return [{ project, kind: "question.withdrawn", cause: "runner", message, fields, at: null }];
  });
}

/** `coder#0`. */
export function nameOf({ agent, replica }: QuestionRecord): string {
  return `${agent}#${replica}`;
}

export function fieldsOf({ id, agent, replica, run, task }: QuestionRecord): TimedEvent["fields"] {
  return { question: id, agent, replica, run, ...(task === null ? {} : { task }) };
}
