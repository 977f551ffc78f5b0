/** Routes of tasks: what reaches the daemon, what is refused before it, and how each answer looks. */
import { expect, test } from "vitest";
import {
  attemptList,
  explainView,
  queueView,
  submittedList,
  submittedView,
  taskPage,
  taskView,
  whyView,
} from "../../../src/schema/api-task.ts";
import { startServer } from "../../support/api-server.ts";
import { fakeDaemon, NOW } from "../../support/fake-daemon.ts";
import { aSummary } from "../../support/fake-tasks.ts";
import { SILENT } from "../../support/submit-row.ts";
import { unlike } from "../../support/reads.ts";

const NOBODY = { who: "local", claim: null, reason: null };
const CODER = { project: "web", agent: "coder" };

test("reads answer with the resource their schema describes", async () => {
  await using server = await startServer(fakeDaemon());
  const wrong = await unlike(server, [
    ["/tasks", taskPage],
    ["/tasks/t-1", taskView],
    ["/tasks/t-1/attempts", attemptList],
    ["/queue", queueView],
    ["/explain/web", explainView],
    ["/explain/web/coder", explainView],
    ["/why/t-1", whyView],
  ]);
  expect(wrong).toEqual([]);
});

test("one task reaches the daemon with every field, its key from the header", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const task = {
    ...CODER,
    payload: { prompt: "größer" },
    priority: 750,
    deadlineAt: NOW + 1,
    deadlineMs: null,
    tags: ["night"],
    complexity: 8,
    after: ["t-0"],
  };
  const answer = await server.ask({
    path: "/api/v1/tasks",
    body: task,
    headers: { "idempotency-key": "k-1", "x-berth-user": "ann" },
  });
  expect(submittedView.parse(answer.json())).toMatchObject({ task: { id: "t-1" }, fresh: true });
  const by = { who: "local", claim: "ann", reason: null };
  expect(daemon.asked).toEqual([
    ["submitTasks", { requests: [{ ...task, idempotencyKey: "k-1" }], by }],
  ]);
});

test("what a submission leaves out is filled in", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await server.ask({ path: "/api/v1/tasks", body: CODER });
  expect(daemon.asked).toEqual([
    ["submitTasks", { requests: [{ ...CODER, ...SILENT, idempotencyKey: null }], by: NOBODY }],
  ]);
});

test("a deadline said from now on reaches the daemon as it was said, and as the instant it means", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await server.ask({ path: "/api/v1/tasks", body: { ...CODER, deadlineMs: 7_200_000 } });
  expect(daemon.asked).toMatchObject([
    ["submitTasks", { requests: [{ deadlineAt: NOW + 7_200_000, deadlineMs: 7_200_000 }] }],
  ]);
});

test("many tasks are answered one by one, in order; a bad one spoils no other", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const answer = await server.ask({
    path: "/api/v1/tasks",
    body: {
      items: [
        { ...CODER, tags: ["a"] },
        { ...CODER, deadlineAt: NOW - 1 },
        { ...CODER, agent: "beat" },
        { ...CODER, tags: ["b"], idempotencyKey: "own" },
      ],
    },
    headers: { "idempotency-key": "k" },
  });
  expect(answer.status).toBe(200);
  expect(submittedList.parse(answer.json()).items).toMatchObject([
    { ok: true, task: { tags: ["a"] } },
    { ok: false, problem: { status: 400, code: "task.deadline-past" } },
    { ok: false, problem: { status: 400, code: "task.agent-is-service" } },
    { ok: true, task: { tags: ["b"] } },
  ]);
  expect(daemon.asked).toMatchObject([
    [
      "submitTasks",
      {
        requests: ["k:0", "k:1", "k:2", "own"].map((idempotencyKey) => ({ idempotencyKey })),
      },
    ],
  ]);
});

test("a submission that cannot be queued says why and changes nothing", async () => {
  await using server = await startServer(fakeDaemon());
  let deep: unknown = 1;
  for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];
  const refusals = [
    [{ ...CODER, payload: "x".repeat(262_143) }, 413, "task.payload-too-large"],
    [{ ...CODER, payload: deep }, 400, "task.payload-too-deep"],
    [{ ...CODER, deadlineAt: NOW }, 400, "task.deadline-past"],
    [{ ...CODER, deadlineAt: NOW / 1000 }, 400, "task.deadline-past"],
    [{ ...CODER, deadlineAt: NOW * 1000 }, 400, "task.deadline-unlikely"],
    [{ ...CODER, deadlineMs: NOW }, 400, "task.deadline-unlikely"],
    [{ ...CODER, deadlineMs: 0 }, 400, "api.request-invalid"],
    [{ ...CODER, deadlineMs: 1_000, deadlineAt: NOW + 1_000 }, 400, "api.request-invalid"],
    [{ ...CODER, agent: "nobody" }, 404, "task.agent-unknown"],
    [{ ...CODER, project: "nowhere" }, 404, "task.project-unknown"],
    [{ ...CODER, agent: "beat" }, 400, "task.agent-is-service"],
    [{ ...CODER, complexity: 11 }, 400, "api.request-invalid"],
    [{ ...CODER, priority: -1 }, 400, "api.request-invalid"],
    [{ ...CODER, colour: "red" }, 400, "api.request-invalid"],
    [{ items: [] }, 400, "api.request-invalid"],
    [{ items: Array.from({ length: 1001 }, () => CODER) }, 400, "api.request-invalid"],
  ] as const;
  for (const [body, status, code] of refusals) {
    const answer = await server.ask({ path: "/api/v1/tasks", body });
    expect([answer.status, answer.json()]).toMatchObject([status, { code }]);
  }
  const fits = { ...CODER, payload: "x".repeat(262_142) };
  expect((await server.ask({ path: "/api/v1/tasks", body: fits })).status).toBe(200);
});

test("what is wrong with a submission is told at its place, of one task as of many", async () => {
  await using server = await startServer(fakeDaemon());
  const wrongs: readonly (readonly [unknown, readonly string[]])[] = [
    [{ ...CODER, complexity: 11 }, ["body.complexity"]],
    [{ ...CODER, priority: "urgent", colour: "red" }, ["body.priority", "body"]],
    [{}, ["body.project", "body.agent"]],
    [{ items: [CODER, { ...CODER, tags: "x" }] }, ["body.items.1.tags"]],
    [{ items: [] }, ["body.items"]],
    [[CODER], ["body"]],
  ];
  for (const [body, paths] of wrongs) {
    const { problems } = (await server.ask({ path: "/api/v1/tasks", body })).json() as {
      problems: { path: string; message: string }[];
    };
    expect([body, problems.map(({ path }) => path)]).toEqual([body, paths]);
  }
  const states = await server.ask({ path: "/api/v1/tasks?state=asleep" });
  expect(states.json()).toMatchObject({ detail: expect.stringMatching(/one of "pending"/) });
});

test("a priority is a word or a number, as where it is declared", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await server.ask({ path: "/api/v1/tasks", body: { ...CODER, priority: "high" } });
  await server.ask({ path: "/api/v1/tasks/t-1/priority", body: { priority: "critical" } });
  expect(daemon.asked).toMatchObject([
    ["submitTasks", { requests: [{ priority: 750 }] }],
    ["prioritiseTask", { id: "t-1", priority: 1000 }],
  ]);
});

test("tasks come in pages, filtered by project, agent, state and tag", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const query = "project=web&agent=coder&state=dead&state=lost&tag=night&cursor=t-9&limit=2";
  const answer = await server.ask({ path: `/api/v1/tasks?${query}` });
  expect(taskPage.parse(answer.json())).toEqual({
    items: [aSummary("t-3"), aSummary("t-2")],
    next: "t-2",
  });
  expect(daemon.asked).toEqual([
    [
      "tasks",
      {
        project: "web",
        agent: "coder",
        states: ["dead", "lost"],
        tag: "night",
        after: "t-9",
        limit: 3,
      },
    ],
  ]);
  const odd = await server.ask({ path: "/api/v1/tasks?state=sleeping" });
  expect(odd.status).toBe(400);
});

test("cancelling, retrying and prioritising name the task and who asks", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = "/api/v1/tasks/t-7";
  const cancelled = await server.ask({ method: "POST", path: `${at}/cancel` });
  expect(taskView.parse(cancelled.json()).state).toBe("cancelled");
  await server.ask({ method: "POST", path: `${at}/retry` });
  const moved = await server.ask({ path: `${at}/priority`, body: { priority: 900 } });
  expect(taskView.parse(moved.json()).priority).toBe(900);
  expect(daemon.asked).toEqual([
    ["cancelTask", { id: "t-7", by: { ...NOBODY, idempotencyKey: null } }],
    ["retryTask", { id: "t-7", by: { ...NOBODY, idempotencyKey: null } }],
    ["prioritiseTask", { id: "t-7", priority: 900, by: { ...NOBODY, idempotencyKey: null } }],
  ]);
  expect((await server.ask({ path: `${at}/priority`, body: { priority: 1001 } })).status).toBe(400);
  expect((await server.ask({ path: "/api/v1/tasks/nope" })).status).toBe(404);
});

test("the queue is asked for a project and as many rows as wanted; agents are explained by two names", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await server.ask({ path: "/api/v1/queue?project=web&limit=5" });
  await server.ask({ path: "/api/v1/queue" });
  await server.ask({ path: "/api/v1/explain/web/coder" });
  await server.ask({ path: "/api/v1/explain/t-1" });
  await server.ask({ path: "/api/v1/why/r-1" });
  expect(daemon.asked).toEqual([
    ["queue", { project: "web", limit: 5 }],
    ["queue", { project: null, limit: 100 }],
    ["explain", "web/coder"],
    ["explain", "t-1"],
    ["why", "r-1"],
  ]);
});
