/** What callers of the API may send about tasks. Unknown keys are refused. */
import { z } from "zod";
import { TASK_STATES } from "../model/task.ts";
import { name, page } from "./api-request.ts";
import { priority } from "./quantity.ts";

/** Ids of tasks and runs, and `PROJECT/AGENT`. */
const subject = z.string().min(1).max(128);
const TASKS_PER_REQUEST = 1000;
/** Tags of one task, and tasks it waits for. */
const TAGS_MAX = 32;
const AFTER_MAX = 100;
export const taskBody = z.strictObject({
  project: name,
  agent: name,
  /** Any JSON; what the process finds on stdin and in $BERTH_TASK_FILE. */
  payload: z.unknown().default({}),
  /** As declared, a word or a number; null or absent: the project's. */
  priority: priority.nullable().default(null),
  /** Milliseconds since the epoch: past it the task is not started any more. */
  deadlineAt: z.number().int().min(0).nullable().default(null),
  /** The same from its acceptance on; not both. A repeat under its key is one whatever the time. */
  deadlineMs: z.number().int().min(1).nullable().default(null),
  tags: z.array(z.string().min(1).max(64)).max(TAGS_MAX).default([]),
  complexity: z.number().int().min(1).max(10).default(5),
  /** Ids of tasks of the same project that must have succeeded. */
  after: z.array(subject).max(AFTER_MAX).default([]),
  /** As the header `Idempotency-Key`, for this one task. */
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, { error: "must be 1 to 128 visible ASCII characters" })
    .nullable()
    .default(null),
});

/** One task, or many at once. */
export const submitBody = z.union([
  z.strictObject({ items: z.array(taskBody).min(1).max(TASKS_PER_REQUEST) }),
  taskBody,
]);

export const taskPath = z.strictObject({ id: subject });
export const subjectPath = z.strictObject({ subject });
export const agentSubjectPath = z.strictObject({ project: name, agent: name });
export const priorityBody = z.strictObject({ priority });

const states = z.enum(TASK_STATES);
export const tasksQuery = z.strictObject({
  project: name.optional(),
  agent: name.optional(),
  /** Several times for several states. */
  state: z
    .union([states.transform((one) => [one]), z.array(states).max(TASK_STATES.length)])
    .optional()
    .transform((all) => all ?? []),
  tag: z.string().min(1).max(64).optional(),
  /** The `next` of the page before. */
  cursor: subject.optional(),
  limit: page.default(100),
});
export const queueQuery = z.strictObject({ project: name.optional(), limit: page.default(100) });

export type TaskBody = z.input<typeof taskBody>;
export type TasksQuery = z.input<typeof tasksQuery>;
export type QueueQuery = z.input<typeof queueQuery>;
