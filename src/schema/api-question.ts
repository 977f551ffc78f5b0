/** Question resources of the API: what agents ask people, and answers. */
import { z } from "zod";
import { MAX_ANSWER_BYTES, QUESTION_STATES } from "../model/question.ts";
import type { QuestionRecord } from "../model/question.ts";
import { name, page } from "./api-request.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

const id = z.string().min(1).max(32);
const state = z.enum(QUESTION_STATES);

export const questionView = proves<QuestionRecord>()(
  shape({
    id: z.string(),
    project: z.string(),
    agent: z.string(),
    replica: z.number(),
    run: z.string(),
    task: z.string().nullable(),
    key: z.string(),
    text: z.string(),
    choices: listOf(z.string()),
    waits: z.boolean(),
    state,
    askedAt: instant,
    answer: z.string().nullable(),
    answeredAt: instant.nullable(),
    answeredBy: z.string().nullable(),
    deliveredAt: instant.nullable(),
    withdrawnAt: instant.nullable(),
    withdrawnReason: z.string().nullable(),
  }),
).meta({ id: "Question" });
export const questionPage = shape({
  items: listOf(questionView),
  next: z.string().nullable(),
}).meta({ id: "QuestionPage" });

export const questionPath = z.strictObject({ id });
export const questionsQuery = z.strictObject({
  project: name.optional(),
  agent: name.optional(),
  /** Id of the task whose runs asked. */
  task: id.optional(),
  /** Several times for several states; none means all. */
  state: z
    .union([state.transform((one) => [one]), z.array(state).max(QUESTION_STATES.length)])
    .optional()
    .transform((all) => all ?? []),
  /** The `next` of the page before. */
  cursor: id.optional(),
  limit: page.default(100),
});
/** What is too large in bytes, or not offered, is the daemon's to say. */
export const answerBody = z.strictObject({ text: z.string().min(1).max(MAX_ANSWER_BYTES) });

export type ApiQuestion = z.output<typeof questionView>;
export type QuestionPage = z.output<typeof questionPage>;
export type QuestionsQuery = z.input<typeof questionsQuery>;
