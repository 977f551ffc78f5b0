/** Calls about questions: part of the client. */
import type { ApiQuestion, QuestionPage, QuestionsQuery } from "../schema/api-question.ts";
import type { Calls } from "./tasks.ts";

export type Question = ApiQuestion;

/** Functions over one daemon's questions; paths are below `/api/v1`. */
export function questionCalls({ get, write }: Calls) {
  return {
    questions: (query: QuestionsQuery) => get<QuestionPage>("/questions", query),
    question: (id: string) => get<Question>(`/questions/${encodeURIComponent(id)}`),
    answer: (id: string, text: string) =>
      write<Question>(`/questions/${encodeURIComponent(id)}/answer`, { text }),
  };
}
