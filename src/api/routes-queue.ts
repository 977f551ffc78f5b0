/** Routes that say why: the queue with what binds each task, why something waits, why something ended. */
import type { Daemon } from "../loop/daemon.ts";
import { agentSubjectPath, queueQuery, subjectPath } from "../schema/api-task-request.ts";
import { explainView, queueView, whyView } from "../schema/api-task.ts";
import { type Caller, within } from "./access.ts";
import { type Route, route } from "./route.ts";

/** They change nothing. */
export function queueRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/queue",
      summary: "What waits for a slot, in order, and how the agent pool is shared",
      access: { kind: "narrowed", scope: "read" },
      query: queueQuery,
      response: queueView,
      answer: ({ query, caller }) =>
        daemon.queue(within(caller, query.project ?? null), query.limit),
    }),
    route({
      method: "get",
      path: "/explain/{subject}",
      summary: "Why a project or a task is where it is, and what would start it",
      access: {
        kind: "project",
        scope: "read",
        of: ({ params, caller }) => subjectOwner(daemon, params.subject, caller),
      },
      params: subjectPath,
      response: explainView,
      answer: ({ params }) => daemon.explain(params.subject),
    }),
    route({
      method: "get",
      path: "/explain/{project}/{agent}",
      summary: "The same of one agent",
      access: { kind: "project", scope: "read", of: ({ params }) => params.project },
      params: agentSubjectPath,
      response: explainView,
      answer: ({ params }) => daemon.explain(`${params.project}/${params.agent}`),
    }),
    route({
      method: "get",
      path: "/why/{subject}",
      summary: "Why a task or a run ended as it did, also when its container is gone",
      access: {
        kind: "project",
        scope: "read",
        of: async ({ params }) => (await daemon.why(params.subject)).project,
      },
      params: subjectPath,
      response: whyView,
      answer: ({ params }) => daemon.why(params.subject),
    }),
  ];
}

/** The project a subject of `explain` is about: itself, or a task's. */
async function subjectOwner(daemon: Daemon, subject: string, caller: Caller): Promise<string> {
  return subject === caller.project ? subject : (await daemon.task(subject)).project;
}
