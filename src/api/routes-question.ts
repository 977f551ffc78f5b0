/** Routes of questions: look at what agents ask, and answer. */
import { paged } from "./paged.ts";
import type { Daemon } from "../loop/daemon.ts";
import {
  answerBody,
  questionPage,
  questionPath,
  questionsQuery,
  questionView,
} from "../schema/api-question.ts";
import { within } from "./access.ts";
import { type Route, route } from "./route.ts";

/** Without an `Idempotency-Key` a repeated answer is refused, because the question is answered by then. */
export function questionRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/questions",
      summary: "What agents ask people, newest first, in pages",
      access: { kind: "narrowed", scope: "read" },
      query: questionsQuery,
      response: questionPage,
      answer: async ({ query, caller }) => {
        const found = await daemon.questions({
          project: within(caller, query.project ?? null),
          agent: query.agent ?? null,
          task: query.task ?? null,
          states: query.state,
          after: query.cursor ?? null,
          limit: query.limit + 1,
        });
        return paged(found, query.limit);
      },
    }),
    route({
      method: "get",
      path: "/questions/{id}",
      summary: "One question with its answer",
      access: { kind: "project", scope: "read", of: ({ params }) => ownerOf(daemon, params.id) },
      params: questionPath,
      response: questionView,
      answer: ({ params }) => daemon.question(params.id),
    }),
    route({
      method: "post",
      path: "/questions/{id}/answer",
      summary: "Answer a question; its run gets the answer once",
      access: { kind: "project", scope: "run", of: ({ params }) => ownerOf(daemon, params.id) },
      params: questionPath,
      body: answerBody,
      response: questionView,
      answer: ({ params, body, by, idempotencyKey }) =>
        daemon.answerQuestion({ id: params.id, text: body.text, by, idempotencyKey }),
    }),
  ];
}

async function ownerOf(daemon: Daemon, id: string): Promise<string> {
  return (await daemon.question(id)).project;
}
