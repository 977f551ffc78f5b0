/** What the API may ask of the running daemon about questions; `Daemon` is this and more. */
import type { QuestionRecord } from "../model/question.ts";
import type { AnswerRequest, QuestionQuery } from "../postgres/question-door.ts";

/** All throw BerthError; an id that names nothing is usage `postgres.question-unknown`. */
export interface QuestionDaemon {
  /** Newest first. */
  questions(query: QuestionQuery): Promise<readonly QuestionRecord[]>;
  question(id: string): Promise<QuestionRecord>;
  /**
   * Durable when it answers, then delivered to the run once. No longer open: conflict `postgres.question-closed`; a text that cannot be
   * the answer: usage `question.answer-…`.
   */
  answerQuestion(request: Omit<AnswerRequest, "epoch">): Promise<QuestionRecord>;
}
