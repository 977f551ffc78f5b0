/** Answers about tasks: submitting, steering, and reading them. */
import { BerthError } from "../../base/errors.ts";
import type { TaskRecord, TaskRequest } from "../../model/task.ts";
import type { Submitted, TaskProgress, TaskSummary, TaskView } from "../../model/task-view.ts";
import {
  completedFault,
  deadlineFault,
  type RequestFault,
  workerFault,
} from "../../model/task-request.ts";
import type { Asker, KeyedAsker, ProjectRow } from "../../postgres/door.ts";
import type { FoundTask, SubmitRow } from "../../postgres/task-door.ts";
import type { TaskDaemon } from "../task-daemon.ts";
import { type DaemonState, leading } from "../state.ts";
import { type OpenDesk, type SubmitAnswer, waitingOf } from "../tasks/desk-state.ts";
import { cancelRun } from "../tasks/hand-over.ts";
import { deskOf } from "./desk-of.ts";
import { explainSubject } from "./explain.ts";
import { queueView } from "./queue.ts";
import { whyOf } from "./why.ts";

export function serveTasks(state: DaemonState): TaskDaemon {
  return {
    submitTasks: (requests, by) =>
      Promise.all(requests.map((request) => submitOne(request, by, state))),
    task: async (id) => viewOf(await taskOf(id, state), state),
    attempts: async (id) => {
      const { id: task } = await taskOf(id, state);
      return state.postgres.tasks.attempts(task);
    },
    tasks: async (query) =>
      (await state.postgres.tasks.list(query)).map((task) => ({
        ...task,
        progress: progressOf(task, state),
      })),
    cancelTask: (id, by) => cancel(id, by, state),
    retryTask: (id, by) => retry(id, by, state),
    prioritiseTask: (id, priority, by) => prioritise(id, { priority, by }, state),
    queue: (project, limit) => queueView(project, limit, state),
    explain: (subject) => explainSubject(subject, state),
    why: (subject) => whyOf(subject, state),
  };
}

async function taskOf(id: string, state: DaemonState): Promise<FoundTask> {
  const record = await state.postgres.tasks.get(id);
  if (record !== null) return record;
  throw new BerthError("usage", {
    code: "postgres.task-unknown",
    detail: `there is no task ${id}`,
    hint: "`berth task list` shows those that are kept",
  });
}

async function submitOne(request: TaskRequest, by: Asker, state: DaemonState): Promise<Submitted> {
  const session = leading(state);
  const desk = deskOf(session);
  const record = session.world.records.get(request.project);
  const policy = record?.spec.agents[request.agent]?.task;
  const fault = faultOf(request, record, session.now());
  // What was queued once stays so: a repeat gets its task, whatever has passed or ended since.
  if (fault !== null) return (await repeated(request, state)) ?? { ok: false, ...fault };
  if (record === undefined || policy === null || policy === undefined)
    return {
      ok: false,
      kind: "usage",
      code: "task.agent-is-service",
      detail: `${request.project}/${request.agent} takes no tasks`,
    };
  const row: SubmitRow = {
    ...request,
    priorityUsed: request.priority ?? record.spec.priority,
    maxAttempts: 1 + policy.retries.max,
    backoffMs: policy.retries.backoffMs,
    timeoutMs: policy.timeoutMs,
  };
  return answerOf(await desk.submit(row, by), state);
}

function faultOf(
  request: TaskRequest,
  record: ProjectRow | undefined,
  now: number,
): RequestFault | null {
  return (
    workerFault(request, record?.spec) ??
    (record === undefined ? null : completedFault(record.name, record.wanted)) ??
    deadlineFault(request, now)
  );
}

async function repeated(request: TaskRequest, state: DaemonState): Promise<Submitted | null> {
  const answer = await state.postgres.tasks.repeated(request);
  return answer === null ? null : answerOf(answer, state);
}

function answerOf(answer: SubmitAnswer, state: DaemonState): Submitted {
  if (answer.ok) return { ok: true, task: summaryOf(answer.task, state), fresh: answer.fresh };
  const { code, detail } = answer;
  const kind =
    code.includes("idempotency") || code === "postgres.project-leaving" ? "conflict" : "usage";
  return { ok: false, kind, code, detail };
}

async function cancel(id: string, by: KeyedAsker, state: DaemonState): Promise<TaskView> {
  const session = leading(state);
  const desk = deskOf(session);
  const { task, runningRun } = await doubting(
    desk,
    state.postgres.tasks.cancel(session.world.install.epoch, id, by),
  );
  if (runningRun !== null) await cancelRun(task.project, runningRun, desk);
  return viewOf(await taskOf(id, state), state);
}

async function retry(id: string, by: KeyedAsker, state: DaemonState): Promise<TaskView> {
  const session = leading(state);
  const desk = deskOf(session);
  const record = await doubting(
    desk,
    state.postgres.tasks.retry(session.world.install.epoch, id, by),
  );
  if (record.state === "ready") desk.enqueue(waitingOf(record));
  return viewOf(record, state);
}

async function prioritise(
  id: string,
  { priority, by }: Readonly<{ priority: number; by: KeyedAsker }>,
  state: DaemonState,
): Promise<TaskView> {
  const session = leading(state);
  const desk = deskOf(session);
  const record = await doubting(
    desk,
    state.postgres.tasks.setPriority(session.world.install.epoch, id, priority, by),
  );
  desk.pool.reprioritise(id, priority);
  desk.dispatch();
  return viewOf(record, state);
}

/** What was not answered may have been done all the same: the desk looks. */
async function doubting<T>(desk: OpenDesk, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BerthError) || error.kind === "transient") desk.doubt();
    throw error;
  }
}

function progressOf({ run }: Pick<TaskRecord, "run">, state: DaemonState): TaskProgress | null {
  if (run === null) return null;
  return state.session?.desk?.runs.get(run)?.progress ?? null;
}

function viewOf(record: TaskRecord | FoundTask, state: DaemonState): TaskView {
  return { ran: null, ...record, progress: progressOf(record, state) };
}

/** What was just submitted, as a list shows it. */
function summaryOf(record: TaskRecord, state: DaemonState): TaskSummary {
  const { payload: _payload, result: _result, ...rest } = record;
  return { ...rest, ran: null, progress: progressOf(record, state) };
}
