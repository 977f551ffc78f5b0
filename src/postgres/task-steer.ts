/** What people change in a task: cancel it, try it again, let it wait shorter or longer. */
import { BerthError } from "../base/errors.ts";
import { isTerminal } from "../model/task.ts";
import type { TaskRecord } from "../model/task.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { Statements } from "./connection.ts";
import type { Asker, KeyedAsker } from "./door.ts";
import { unknownProject } from "./errors.ts";
import { keptText } from "./json-text.ts";
import type { Session } from "./session.ts";
import { isTaskId, unknownTask } from "./task-id.ts";
import type { RecordRow, Settled } from "./task-settle.ts";

export type Steering = Readonly<{ epoch: number; task: string; by: KeyedAsker }>;
type Locked = RecordRow & { cancelAsked: boolean };

/** See `TaskDoor.cancel`. Cancelling again what is cancelled, or being cancelled, changes nothing. */
export async function cancel(
  session: Session,
  request: Steering,
  settled: Settled,
): Promise<Readonly<{ task: TaskRecord; runningRun: string | null }>> {
  const operation = { operation: "cancel task", epoch: request.epoch };
  const { ended, ...answer } = await session.write(operation, async (tx) => {
    const before = await lock(tx, request.task);
    const task = await once(tx, { ...request, action: "task.cancel" }, () =>
      cancelIn(tx, request, before),
    );
    const running = task.state === "running" && (before.cancelAsked || task !== before.record);
    return {
      task,
      runningRun: running ? task.run : null,
      ended: task !== before.record && !running,
    };
  });
  // Those that come after it may end as well.
  if (ended) settled.tell([answer.task]);
  return answer;
}

async function cancelIn(tx: Statements, request: Steering, before: Locked): Promise<TaskRecord> {
  const { record, cancelAsked } = before;
  if (record.state === "cancelled" || (cancelAsked && !isTerminal(record.state))) return record;
  if (isTerminal(record.state)) throw illegal(record, "cancelled");
  const why = `cancelled by ${nameOf(request.by)}`;
  const task = await change(tx, "task-cancel", [request.task, why]);
  await audit(tx, request, { action: "task.cancel", task });
  return task;
}

/** See `TaskDoor.retry`. */
export async function retry(session: Session, request: Steering): Promise<TaskRecord> {
  return session.write({ operation: "retry task", epoch: request.epoch }, (tx) =>
    once(tx, { ...request, action: "task.retry" }, () => retryIn(tx, request)),
  );
}

async function retryIn(tx: Statements, request: Steering): Promise<TaskRecord> {
  const { record } = await lock(tx, request.task);
  const ended = isTerminal(record.state);
  if (!ended || record.state === "succeeded" || record.state === "cancelled")
    throw illegal(record, "tried again");
  await mustStay(tx, record.project);
  const task = await change(tx, "task-retry", [
    request.task,
    `tried again by ${nameOf(request.by)}`,
  ]);
  await audit(tx, request, { action: "task.retry", task });
  return task;
}

/** See `TaskDoor.setPriority`. */
export async function setPriority(
  session: Session,
  request: Steering & Readonly<{ priority: number }>,
): Promise<TaskRecord> {
  const { epoch, priority } = request;
  return session.write({ operation: "set task priority", epoch }, (tx) =>
    once(tx, { ...request, action: "task.priority", priority }, () => setPriorityIn(tx, request)),
  );
}

async function setPriorityIn(
  tx: Statements,
  { priority, ...request }: Steering & Readonly<{ priority: number }>,
): Promise<TaskRecord> {
  const { record } = await lock(tx, request.task);
  if (record.state !== "pending" && record.state !== "ready")
    throw illegal(record, "given another priority");
  const task = await change(tx, "task-priority", [request.task, priority]);
  await audit(tx, request, { action: "task.priority", task });
  return task;
}

/** Changes a task once a key; a repeat is told how the task is now, which may be in a list of what waits already. */
async function once(
  tx: Statements,
  {
    task,
    by,
    action,
    priority = null,
  }: Steering & Readonly<{ action: string; priority?: number | null }>,
  work: () => Promise<TaskRecord>,
): Promise<TaskRecord> {
  const changed: TaskRecord[] = [];
  const key = by.idempotencyKey ?? null;
  await answeredOnce(tx, { key, body: { action, priority, task } }, async () => {
    changed.push(await work());
    return null;
  });
  return changed[0] ?? (await lock(tx, task)).record;
}

/** A task of a project that is gone would wait for ever. */
async function mustStay(tx: Statements, project: string): Promise<void> {
  const [found] = await tx.rows<{ leaving: boolean }>("project-keep", [[project]]);
  if (found === undefined) throw unknownProject(project);
  if (found.leaving)
    throw new BerthError("conflict", {
      code: "postgres.project-leaving",
      detail: `${project} is being removed`,
    });
}

async function lock(tx: Statements, id: string): Promise<Locked> {
  const [row] = isTaskId(id) ? await tx.rows<Locked>("task-lock", [id]) : [];
  if (row === undefined) throw unknownTask(id);
  return row;
}

async function change(
  tx: Statements,
  query: string,
  values: readonly unknown[],
): Promise<TaskRecord> {
  const [row] = await tx.rows<RecordRow>(query, values);
  if (row === undefined) throw unknownTask(String(values[0]));
  return row.record;
}

async function audit(
  tx: Statements,
  { epoch, by }: Steering,
  { action, task }: Readonly<{ action: string; task: TaskRecord }>,
): Promise<void> {
  const detail = `task ${task.id} (${task.agent}) is ${task.state}, priority ${task.priority}`;
  await recordAudit(tx, { epoch, by, action, project: task.project, detail });
}

function nameOf({ who, claim, reason }: Asker): string {
  return keptText(`${claim ?? who}${reason === null ? "" : `: ${reason}`}`);
}

function illegal({ id, state }: TaskRecord, wish: string): BerthError {
  return new BerthError("conflict", {
    code: "postgres.move-illegal",
    detail: `task ${id} is ${state} and cannot be ${wish}`,
  });
}
