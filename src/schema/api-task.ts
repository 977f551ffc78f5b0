/** Task resources of the API: tasks, the queue, why something waits and why something ended. */
import { z } from "zod";
import { STRATEGY_NAMES } from "../model/project.ts";
import type {
  AttemptView,
  DecisionView,
  ExplainView,
  QueueView,
  TaskSummary,
  TaskView,
  WhyView,
} from "../model/task-view.ts";
import { TASK_STATES } from "../model/task.ts";
import { problem } from "./api-problem.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

const ms = z.number();

const summary = {
  id: z.string(),
  project: z.string(),
  agent: z.string(),
  state: z.enum(TASK_STATES),
  reason: z.string().nullable(),
  priority: z.number(),
  complexity: z.number(),
  deadlineAt: instant.nullable(),
  tags: listOf(z.string()),
  after: listOf(z.string()),
  attempts: z.number(),
  maxAttempts: z.number(),
  submittedAt: instant,
  readyAt: instant.nullable(),
  notBefore: instant.nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  run: z.string().nullable(),
  progress: shape({ fraction: z.number(), text: z.string() }).nullable(),
  ran: shape({ from: instant, until: instant.nullable() }).nullable(),
};

/** A list has neither payloads nor results, which may be 256 KiB each. */
const taskSummary = proves<TaskSummary>()(shape(summary)).meta({ id: "TaskSummary" });
export const taskView = proves<TaskView>()(
  shape({ ...summary, payload: z.unknown(), result: z.unknown() }),
).meta({ id: "Task" });
export const taskPage = shape({ items: listOf(taskSummary), next: z.string().nullable() }).meta({
  id: "TaskPage",
});

const attempt = proves<AttemptView>()(
  shape({
    run: z.string(),
    attempt: z.number(),
    claimedAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    outcome: z.enum(["succeeded", "failed", "cancelled", "timed-out", "lost"]).nullable(),
    exitCode: z.number().nullable(),
    signal: z.string().nullable(),
    reason: z.string().nullable(),
  }),
).meta({ id: "Attempt" });
export const attemptList = shape({ items: listOf(attempt), next: z.string().nullable() }).meta({
  id: "AttemptList",
});

/** `fresh` is false when the idempotency key was known: this is the task of the first submission. */
export const submittedView = shape({ task: taskSummary, fresh: z.boolean() }).meta({
  id: "Submitted",
});
/** One entry for each submission, in order; one that was refused has a problem and queued nothing. */
export const submittedList = shape({
  items: listOf(
    z.union([
      shape({ ok: z.literal(true), task: taskSummary, fresh: z.boolean() }),
      shape({ ok: z.literal(false), problem }),
    ]),
  ),
}).meta({ id: "SubmittedList" });

/** As was asked: of one task, or of many. */
export const submitAnswer = z.union([submittedView, submittedList]);

const decision = proves<DecisionView>()(
  shape({
    at: instant,
    project: z.string(),
    agent: z.string(),
    task: z.string().nullable(),
    text: z.string(),
    why: z.record(z.string(), z.number()).readonly(),
  }),
).meta({ id: "Decision" });

/** What one worker agent has of the pool. */
export const workerRow = shape({
  project: z.string(),
  agent: z.string(),
  running: z.number(),
  waiting: z.number(),
  min: z.number(),
  max: z.number(),
  target: z.number(),
  breaker: z.enum(["closed", "open", "half-open"]),
});

export const queueView = proves<QueueView>()(
  shape({
    strategy: z.enum(STRATEGY_NAMES),
    slots: z.number(),
    taken: z.number(),
    waiting: z.number(),
    workers: listOf(workerRow),
    items: listOf(
      shape({
        task: z.string(),
        project: z.string(),
        agent: z.string(),
        position: z.number(),
        priority: z.number(),
        waitingMs: ms,
        constraint: z.string(),
        estimateMs: ms.nullable(),
        errorMs: ms.nullable(),
      }),
    ),
  }),
).meta({ id: "Queue" });

export const explainView = proves<ExplainView>()(
  shape({
    subject: z.string(),
    kind: z.enum(["project", "agent", "task"]),
    state: z.string(),
    constraint: z.string().nullable(),
    wouldStart: z.string().nullable(),
    estimateMs: ms.nullable(),
    errorMs: ms.nullable(),
    decisions: listOf(decision),
  }),
).meta({ id: "Explanation" });

export const whyView = proves<WhyView>()(
  shape({
    task: z.string().nullable(),
    run: z.string().nullable(),
    project: z.string(),
    agent: z.string(),
    outcome: z.string(),
    text: z.string(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    exitCode: z.number().nullable(),
    signal: z.string().nullable(),
    oom: z.boolean(),
    oomKills: z.number().nullable(),
    memoryLimitBytes: z.number().nullable(),
    memory: listOf(shape({ at: instant, bytes: z.number() })),
    lastLines: listOf(
      shape({ at: instant, stream: z.enum(["stdout", "stderr"]), text: z.string() }),
    ),
    notes: listOf(shape({ at: instant, text: z.string() })),
    decisions: listOf(decision),
  }),
).meta({ id: "Why" });

export type ApiTask = z.output<typeof taskView>;
export type ApiTaskSummary = z.output<typeof taskSummary>;
export type ApiAttempt = z.output<typeof attempt>;
export type AttemptList = z.output<typeof attemptList>;
export type TaskPage = z.output<typeof taskPage>;
export type ApiSubmitted = z.output<typeof submittedView>;
export type SubmittedList = z.output<typeof submittedList>;
export type ApiQueue = z.output<typeof queueView>;
export type ApiExplain = z.output<typeof explainView>;
export type ApiWhy = z.output<typeof whyView>;
