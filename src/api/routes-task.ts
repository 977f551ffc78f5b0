/** Routes of tasks: submit, look, cancel, retry, prioritise. */
import { paged, pageOf } from "./paged.ts";
import type { z } from "@hono/zod-openapi";
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import type { Scope } from "../model/access.ts";
import type { Submitted } from "../model/task-view.ts";
import { pageQuery } from "../schema/api-request.ts";
import {
  priorityBody,
  submitBody,
  type taskBody,
  taskPath,
  tasksQuery,
} from "../schema/api-task-request.ts";
import { attemptList, submitAnswer, taskPage, taskView } from "../schema/api-task.ts";
import { type Access, within } from "./access.ts";
import { problemOf } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { queueRoutes } from "./routes-queue.ts";
import { submitTasks } from "./submit.ts";

/** Every task keeps the key it was submitted under: a repeat answers with the task as it is now, and `fresh: false`. */
export function taskRoutes(daemon: Daemon, now: () => number): readonly Route[] {
  return [
    submitRoute(daemon, now),
    ...taskReads(daemon),
    ...taskWrites(daemon),
    ...queueRoutes(daemon),
  ];
}

function submitRoute(daemon: Daemon, now: () => number): Route {
  return route({
    method: "post",
    path: "/tasks",
    summary: "Queue one task, or with `items` up to 1000; durable when answered",
    access: {
      kind: "project",
      scope: "run",
      of: ({ body }) => bodiesOf(body).map(({ project }) => project),
    },
    body: submitBody,
    response: submitAnswer,
    repeats: "each-time",
    answer: async ({ body, by, idempotencyKey }) => {
      const many = "items" in body;
      const acceptedAt = now();
      const requests = bodiesOf(body).map((request, at) => ({
        ...request,
        deadlineAt: deadlineOf(request, acceptedAt),
        // one key for a whole request: each of its tasks gets its own out of it
        idempotencyKey: request.idempotencyKey ?? keyOf(idempotencyKey, many ? at : null),
      }));
      const answers = await submitTasks(daemon, { requests, by });
      if (many) return { items: answers.map(itemOf) };
      const [answer] = answers;
      if (answer?.ok === true) return { task: answer.task, fresh: answer.fresh };
      throw errorOf(answer);
    },
  });
}

function bodiesOf(body: z.output<typeof submitBody>): readonly z.output<typeof taskBody>[] {
  return "items" in body ? body.items : [body];
}

/** The instant of a deadline that was said from now on; two deadlines are a mistake. */
function deadlineOf(
  { deadlineAt, deadlineMs }: z.output<typeof taskBody>,
  now: number,
): number | null {
  if (deadlineMs === null) return deadlineAt;
  if (deadlineAt === null) return now + deadlineMs;
  throw new BerthError("usage", {
    code: "api.request-invalid",
    detail: "deadlineAt and deadlineMs are two deadlines, a task has one",
  });
}

/** For routes whose path names a task. */
function onTask(
  daemon: Daemon,
  scope: Scope,
): Access<Readonly<{ params: Readonly<{ id: string }> }>> {
  return {
    kind: "project",
    scope,
    of: async ({ params }) => (await daemon.task(params.id)).project,
  };
}

function keyOf(key: string | null, at: number | null): string | null {
  return key === null || at === null ? key : `${key}:${at}`;
}

function itemOf(answer: Submitted) {
  return answer.ok ? answer : { ok: false as const, problem: problemOf(errorOf(answer)) };
}

function errorOf(answer: Exclude<Submitted, { ok: true }> | undefined): BerthError {
  if (answer === undefined)
    return new BerthError("defect", { code: "api.answers-short", detail: "nothing was answered" });
  const { kind, ...facts } = answer;
  return new BerthError(kind, facts);
}

function taskReads(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/tasks",
      summary: "Tasks, newest first, in pages; without payloads and results",
      access: { kind: "narrowed", scope: "read" },
      query: tasksQuery,
      response: taskPage,
      answer: async ({ query, caller }) => {
        const found = await daemon.tasks({
          project: within(caller, query.project ?? null),
          agent: query.agent ?? null,
          states: query.state,
          tag: query.tag ?? null,
          after: query.cursor ?? null,
          limit: query.limit + 1,
        });
        return paged(found, query.limit);
      },
    }),
    route({
      method: "get",
      path: "/tasks/{id}",
      summary: "One task with its payload, its result and what it last said of its progress",
      access: onTask(daemon, "read"),
      params: taskPath,
      response: taskView,
      answer: ({ params }) => daemon.task(params.id),
    }),
    route({
      method: "get",
      path: "/tasks/{id}/attempts",
      summary: "Every try at one task, oldest first",
      access: onTask(daemon, "read"),
      params: taskPath,
      query: pageQuery,
      response: attemptList,
      answer: async ({ params, query }) =>
        pageOf(await daemon.attempts(params.id), query, ({ attempt }) =>
          String(attempt).padStart(9, "0"),
        ),
    }),
  ];
}

function taskWrites(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/tasks/{id}/cancel",
      summary: "End a task that waits or runs",
      access: onTask(daemon, "run"),
      params: taskPath,
      response: taskView,
      answer: ({ params, by, idempotencyKey }) =>
        daemon.cancelTask(params.id, { ...by, idempotencyKey }),
    }),
    route({
      method: "post",
      path: "/tasks/{id}/retry",
      summary: "Queue a task that ended badly once more",
      access: onTask(daemon, "run"),
      params: taskPath,
      response: taskView,
      answer: ({ params, by, idempotencyKey }) =>
        daemon.retryTask(params.id, { ...by, idempotencyKey }),
    }),
    route({
      method: "post",
      path: "/tasks/{id}/priority",
      summary: "Change the priority of a task that waits",
      access: onTask(daemon, "run"),
      params: taskPath,
      body: priorityBody,
      response: taskView,
      answer: ({ params, body, by, idempotencyKey }) =>
        daemon.prioritiseTask(params.id, body.priority, { ...by, idempotencyKey }),
    }),
  ];
}
