/** Questions as recorded: reading them, and answering one. */
import { BerthError } from "../base/errors.ts";
import { answerFault } from "../model/question.ts";
import type { QuestionRecord } from "../model/question.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { Statements } from "./connection.ts";
import { recordEvents } from "./events.ts";
import { keptText } from "./json-text.ts";
import type { AnswerRequest, QuestionDoor } from "./question-door.ts";
import { fieldsOf, nameOf } from "./question-journal.ts";
import type { RecordRow } from "./question-journal.ts";
import type { Session } from "./session.ts";
import { isTaskId } from "./task-id.ts";

export function openQuestions(session: Session): QuestionDoor {
  return {
    async pending(limit) {
      return recordsOf(await session.read<RecordRow>("question-pending", [limit]));
    },
    async list({ project, agent, task, states, after, limit }) {
      // What is no number names no task and no question.
      if ([task, after].some((id) => id !== null && !isTaskId(id))) return [];
      const values = [project, agent, task, states, after, limit];
      return recordsOf(await session.read<RecordRow>("question-list", values));
    },
    async get(id) {
      const [row] = isTaskId(id) ? await session.read<RecordRow>("question-get", [id]) : [];
      if (row === undefined) throw unknownQuestion(id);
      return row.record;
    },
    answer: (request) => answer(session, request),
  };
}

async function answer(session: Session, request: AnswerRequest): Promise<QuestionRecord> {
  const { epoch, id, text, idempotencyKey: key } = request;
  return session.write({ operation: "answer question", epoch }, (tx) =>
    answeredOnce(tx, { key, body: { question: id, text } }, () => answerIn(tx, request)),
  );
}

async function answerIn(tx: Statements, request: AnswerRequest): Promise<QuestionRecord> {
  const { epoch, id, text, by } = request;
  const [locked] = isTaskId(id) ? await tx.rows<RecordRow>("question-lock", [id]) : [];
  if (locked === undefined) throw unknownQuestion(id);
  if (locked.record.state !== "open") throw closed(locked.record);
  const fault = answerFault(text, Buffer.byteLength(text), locked.record.choices);
  if (fault !== null) throw new BerthError("usage", fault);
  // What a local user says of itself is worth telling; a token has its own name.
  const who = keptText(by.who === "local" ? (by.claim ?? by.who) : by.who);
  const [row] = await tx.rows<RecordRow>("question-answer", [id, text.toWellFormed(), who]);
  if (row === undefined) throw closed(locked.record);
  const { record } = row;
  const { project } = record;
  // The answer itself stays in the question: it may be a secret.
  const message = `${who} answered question ${id} of ${nameOf(record)}`;
  await recordAudit(tx, { by, epoch, action: "question.answer", project, detail: message });
  const fields = fieldsOf(record);
  await recordEvents(tx, [
    { project, kind: "question.answered", cause: "operator", message, fields, at: null },
  ]);
  return record;
}

function recordsOf(rows: readonly RecordRow[]): readonly QuestionRecord[] {
  return rows.map(({ record }) => record);
}

function unknownQuestion(id: string): BerthError {
  return new BerthError("usage", {
    code: "postgres.question-unknown",
    detail: `no question ${id} is recorded`,
    hint: "`berth answer` lists those that are open",
  });
}

function closed({ id, state, answeredBy, withdrawnReason }: QuestionRecord): BerthError {
  const how = state === "answered" ? `answered by ${answeredBy}` : `withdrawn: ${withdrawnReason}`;
  return new BerthError("conflict", {
    code: "postgres.question-closed",
    detail: `question ${id} is no longer open: ${how}`,
  });
}
