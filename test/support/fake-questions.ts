/** The questions of the fake daemon: one that is open, asked by a task of `web/coder`. */
import { BerthError } from "../../src/base/errors.ts";
import type { QuestionDaemon } from "../../src/loop/question-daemon.ts";
import type { QuestionRecord } from "../../src/model/question.ts";

/** As in fake-daemon.ts, which imports this file. */
const NOW = 1_800_000_000_000;

export function aQuestion(id: string, changes: Partial<QuestionRecord> = {}): QuestionRecord {
  return {
    id,
    project: "web",
    agent: "coder",
    replica: 0,
    run: "r-1",
    task: "4",
    key: "0123456789abcdef0123456789abcdef",
    text: "Deploy now?",
    choices: ["yes", "no"],
    waits: true,
    state: "open",
    askedAt: NOW - 300_000,
    answer: null,
    answeredAt: null,
    answeredBy: null,
    deliveredAt: null,
    withdrawnAt: null,
    withdrawnReason: null,
    ...changes,
  };
}

type Note = <T>(method: string, argument: unknown, answer: T) => T;

export function fakeQuestions(note: Note): QuestionDaemon {
  return {
    questions: async (query) =>
      note(
        "questions",
        query,
        ["9", "8", "7"].slice(0, query.limit).map((id) => aQuestion(id)),
      ),
    question: async (id) => note("question", id, known(id)),
    answerQuestion: async (request) =>
      note("answerQuestion", request, {
        ...known(request.id),
        state: "answered" as const,
        answer: request.text,
        answeredAt: NOW,
        answeredBy: "ann",
      }),
  };
}

function known(id: string): QuestionRecord {
  if (["7", "8", "9"].includes(id)) return aQuestion(id);
  throw new BerthError("usage", {
    code: "postgres.question-unknown",
    detail: `no question ${id} is recorded`,
  });
}
