/** The tasks of the fake daemon: worker `coder` of project `web`, service `beat`; a task that waits, one that ended well. */
import { BerthError } from "../../src/base/errors.ts";
import type { TaskDaemon } from "../../src/loop/task-daemon.ts";
import { deadlineFault, workerFault } from "../../src/model/task-request.ts";
import type { QueueView, Submitted, TaskSummary, TaskView } from "../../src/model/task-view.ts";
import type { TaskRequest } from "../../src/model/task.ts";
import { agentSpec, projectSpec } from "./declarations.ts";

/** As in fake-daemon.ts, which imports this file. */
const NOW = 1_800_000_000_000;

export const WORKERS = projectSpec("web", {
  agents: {
    beat: agentSpec("beat"),
    coder: agentSpec("coder", {
      replicas: 0,
      task: { min: 0, max: 3, timeoutMs: 1_800_000, retries: { max: 2, backoffMs: 5000 } },
    }),
  },
});

export function aTask(id: string, changes: Partial<TaskView> = {}): TaskView {
  return {
    id,
    project: "web",
    agent: "coder",
    state: "ready",
    reason: null,
    payload: { prompt: "hi" },
    result: null,
    priority: 500,
    complexity: 5,
    deadlineAt: null,
    tags: [],
    after: [],
    attempts: 0,
    maxAttempts: 3,
    submittedAt: NOW - 60_000,
    readyAt: NOW - 60_000,
    notBefore: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    run: null,
    progress: null,
    ran: null,
    ...changes,
  };
}

/** One that ran and ended well. */
export function aDoneTask(id: string, changes: Partial<TaskView> = {}): TaskView {
  return aTask(id, {
    state: "succeeded",
    attempts: 1,
    run: "r-1",
    startedAt: NOW - 52_000,
    endedAt: NOW - 46_000,
    ran: { from: NOW - 50_000, until: NOW - 46_800 },
    exitCode: 0,
    result: { fixed: 3 },
    ...changes,
  });
}

export function aSummary(id: string, changes: Partial<TaskView> = {}): TaskSummary {
  const { payload: _payload, result: _result, ...rest } = aTask(id, changes);
  return rest;
}

export const QUEUE: QueueView = {
  strategy: "weighted-round-robin",
  slots: 2,
  taken: 2,
  waiting: 3,
  workers: [
    {
      project: "web",
      agent: "coder",
      running: 2,
      waiting: 3,
      min: 0,
      max: 3,
      target: 2,
      breaker: "closed",
    },
  ],
  items: [
    {
      task: "t-2",
      project: "web",
      agent: "coder",
      position: 1,
      priority: 500,
      waitingMs: 60_000,
      constraint: "pool: 2 of 2 slots taken",
      estimateMs: 12_000,
      errorMs: 4_000,
    },
    {
      task: "t-3",
      project: "web",
      agent: "coder",
      position: 2,
      priority: 100,
      waitingMs: 5_000,
      constraint: "pool: 2 of 2 slots taken",
      estimateMs: null,
      errorMs: null,
    },
  ],
};

const DECISION = {
  at: NOW - 50_000,
  project: "web",
  agent: "coder",
  task: "t-1",
  text: "got a slot by weighted-round-robin",
  why: { weight: 3, performance: 1.2 },
};

type Note = <T>(method: string, argument: unknown, answer: T) => T;

export function fakeTasks(note: Note): TaskDaemon {
  return {
    submitTasks: async (requests, by) => note("submitTasks", { requests, by }, requests.map(taken)),
    task: async (id) => note("task", id, known(id)),
    attempts: async (id) =>
      note("attempts", id, [
        {
          run: "r-1",
          attempt: 1,
          claimedAt: NOW - 50_010,
          startedAt: NOW - 50_000,
          endedAt: NOW - 46_800,
          outcome: "succeeded",
          exitCode: 0,
          signal: null,
          reason: null,
        },
      ]),
    tasks: async (query) =>
      note(
        "tasks",
        query,
        ["t-3", "t-2", "t-1"].slice(0, query.limit).map((id) => aSummary(id)),
      ),
    cancelTask: async (id, by) =>
      note("cancelTask", { id, by }, { ...known(id), state: "cancelled" as const }),
    retryTask: async (id, by) => note("retryTask", { id, by }, known(id)),
    prioritiseTask: async (id, priority, by) =>
      note("prioritiseTask", { id, priority, by }, { ...known(id), priority }),
    queue: async (project, limit) => note("queue", { project, limit }, QUEUE),
    explain: async (subject) =>
      note("explain", subject, {
        subject,
        kind: subject.includes("/") ? ("agent" as const) : ("project" as const),
        state: "active",
        constraint: "pool: 2 of 2 slots taken",
        wouldStart: "a slot becomes free",
        estimateMs: 12_000,
        errorMs: 4_000,
        decisions: [DECISION],
      }),
    why: async (subject) =>
      note("why", subject, {
        task: "t-1",
        run: "r-1",
        project: "web",
        agent: "coder",
        outcome: "failed",
        text: "killed by the kernel: out of memory",
        startedAt: NOW - 50_000,
        endedAt: NOW - 46_800,
        exitCode: null,
        signal: "SIGKILL",
        oom: true,
        oomKills: 1,
        memoryLimitBytes: 134_217_728,
        memory: [
          { at: NOW - 50_000, bytes: 20_000_000 },
          { at: NOW - 47_000, bytes: 134_217_728 },
        ],
        lastLines: [{ at: NOW - 47_000, stream: "stderr" as const, text: "allocating" }],
        notes: [{ at: NOW - 49_000, text: "reading" }],
        decisions: [DECISION],
      }),
  };
}

function taken(request: TaskRequest): Submitted {
  const fault =
    workerFault(request, request.project === "web" ? WORKERS : undefined) ??
    deadlineFault(request, NOW);
  if (fault !== null) return { ok: false, ...fault };
  const { project, agent, tags } = request;
  return { ok: true, task: aSummary("t-1", { project, agent, tags }), fresh: true };
}

function known(id: string): TaskView {
  if (/^t-\d+$/.test(id)) return aDoneTask(id);
  throw new BerthError("usage", {
    code: "postgres.task-unknown",
    detail: `there is no task ${id}`,
  });
}
