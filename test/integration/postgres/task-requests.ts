/** Tasks as the daemon submits and ends them, for the Postgres tests. */
import type { TaskRecord } from "../../../src/model/task.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import type { Claimed, FoundTask, SubmitRow, TaskDoor } from "../../../src/postgres/task-door.ts";
import { LOCAL } from "./requests.ts";

export function rowOf(changes: Partial<SubmitRow> = {}): SubmitRow {
  return {
    project: "web",
    agent: "coder",
    payload: { prompt: "hello" },
    priority: null,
    priorityUsed: 500,
    deadlineAt: null,
    deadlineMs: null,
    tags: [],
    complexity: 3,
    after: [],
    idempotencyKey: null,
    maxAttempts: 3,
    backoffMs: 0,
    timeoutMs: 60_000,
    ...changes,
  };
}

type End = Parameters<TaskDoor["settle"]>[1][number];

export function endOf(run: string, changes: Partial<End> = {}): End {
  return {
    run,
    outcome: "succeeded",
    exitCode: 0,
    signal: null,
    result: null,
    reason: null,
    jitter: 0,
    ...changes,
  };
}

export function failureOf(run: string, changes: Partial<End> = {}): End {
  return endOf(run, { outcome: "failed", exitCode: 1, ...changes });
}

/** All tasks, unless narrowed. */
export const listOf = (changes: Partial<Parameters<PostgresDoor["tasks"]["list"]>[0]>) => ({
  project: null,
  agent: null,
  states: [],
  tag: null,
  after: null,
  limit: 100,
  ...changes,
});

/** What a test asks of one leader, with the answers it expects to be good. */
export interface Desk {
  submit(changes?: Partial<SubmitRow>): Promise<TaskRecord>;
  many(count: number, changes?: Partial<SubmitRow>): Promise<readonly TaskRecord[]>;
  claim(task: string, run?: string): Promise<Claimed | undefined>;
  /** Submits one task and gives it a slot. */
  started(run: string, changes?: Partial<SubmitRow>): Promise<TaskRecord>;
  get(task: string): Promise<FoundTask>;
  promoted(now?: number): Promise<Awaited<ReturnType<TaskDoor["promote"]>>>;
}

const POOL = 1_000;
const LEASE_MS = 30_000;

export function deskOf(door: PostgresDoor, epoch: number): Desk {
  const { tasks } = door;
  const many: Desk["many"] = async (count, changes) => {
    const rows = Array.from({ length: count }, () => rowOf(changes));
    const answers = await tasks.submit(epoch, rows, LOCAL);
    return answers.map((answer) => {
      if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
      return answer.task;
    });
  };
  const submit: Desk["submit"] = async (changes) => one(await many(1, changes));
  const claim: Desk["claim"] = async (task, run = `run-of-${task}`) =>
    (await tasks.claim(epoch, POOL, [{ task, run, leaseMs: LEASE_MS }]))[0];
  return {
    submit,
    many,
    claim,
    started: async (run, changes) => {
      const task = await submit(changes);
      if ((await claim(task.id, run)) === undefined) throw new Error(`no slot for ${task.id}`);
      return task;
    },
    get: async (task) => one([await tasks.get(task)]),
    promoted: async (now) => tasks.promote(epoch, now ?? (await door.clock())),
  };
}

function one<T>(list: readonly (T | null)[]): T {
  const [first] = list;
  if (first === undefined || first === null) throw new Error("nothing there");
  return first;
}
