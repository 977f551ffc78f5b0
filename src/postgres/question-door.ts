/** What the rest of the program may ask of Postgres about questions: `PostgresDoor.questions`. */
import type { QuestionRecord, QuestionState } from "../model/question.ts";
import type { Asker } from "./door.ts";

export interface QuestionQuery {
  readonly project: string | null;
  readonly agent: string | null;
  readonly task: string | null;
  /** Empty: all. */
  readonly states: readonly QuestionState[];
  /** Id to go on after (newest first). */
  readonly after: string | null;
  readonly limit: number;
}

export interface AnswerRequest {
  readonly epoch: number;
  readonly id: string;
  readonly text: string;
  readonly by: Asker;
  readonly idempotencyKey: string | null;
}

/** Questions come in and are withdrawn with the journal that tells of them (`ingest`, `loseRuns`, the removal of a project). */
export interface QuestionDoor {
  /** Open ones, and answered ones whose runs do not have their answers yet; oldest first. */
  pending(limit: number): Promise<readonly QuestionRecord[]>;
  /** Newest first. */
  list(query: QuestionQuery): Promise<readonly QuestionRecord[]>;
  /** Unknown: usage `postgres.question-unknown`. */
  get(id: string): Promise<QuestionRecord>;
  /**
   * Durable before it returns. No longer open: conflict `postgres.question-closed`. A text that cannot be the answer: usage
   * `question.answer-…`.
   */
  answer(request: AnswerRequest): Promise<QuestionRecord>;
}
