/** Tasks as recorded: one, lists, counts, what waits, and how attempts went. */
import type { AttemptView, TaskSpan } from "../model/task-view.ts";
import type { WaitingTask } from "../model/task.ts";
import type { Session } from "./session.ts";
import type { FoundTask, ListedTask, TaskCount, TaskQuery } from "./task-door.ts";
import { isTaskId } from "./task-id.ts";
import type { RecordRow } from "./task-settle.ts";

/** Rows a read while all that waits is gathered. */
const BATCH = 5_000;
/** Attempts shown of one task: retries by hand may add up. */
const ATTEMPTS = 100;

export async function readTask(session: Session, id: string): Promise<FoundTask | null> {
  if (!isTaskId(id)) return null;
  const [row] = await session.read<RecordRow & { ran: TaskSpan | null }>("task-get", [id]);
  return row === undefined ? null : { ...row.record, ran: row.ran };
}

/** Newest first. */
export async function readTasks(
  session: Session,
  query: TaskQuery,
): Promise<readonly ListedTask[]> {
  if (query.after !== null && !isTaskId(query.after)) return [];
  const { project, agent, states, tag, after, limit } = query;
  const rows = await session.read<{ record: ListedTask; ran: TaskSpan | null }>("task-list", [
    project,
    agent,
    states,
    tag,
    after,
    limit,
  ]);
  return rows.map(({ record, ran }) => ({ ...record, ran }));
}

/** Oldest first; none for an id that names no task. */
export async function readAttempts(session: Session, id: string): Promise<readonly AttemptView[]> {
  if (!isTaskId(id)) return [];
  return session.read<AttemptView & Record<string, unknown>>("attempt-list", [id, ATTEMPTS]);
}

/** In id order, batch by batch: one that becomes ready meanwhile is told by the promotion or submission that made it so. */
export async function readWaiting(session: Session): Promise<readonly WaitingTask[]> {
  const all: WaitingTask[] = [];
  for (;;) {
    const rows = await session.read<WaitingTask & Record<string, unknown>>("task-waiting", [
      all.at(-1)?.id ?? "0",
      BATCH,
    ]);
    all.push(...rows);
    if (rows.length < BATCH) return all;
  }
}

export async function readOpen(
  session: Session,
): Promise<Readonly<{ ready: number; running: number }>> {
  const [row] = await session.read<{ ready: number; running: number }>("task-open");
  return row ?? { ready: 0, running: 0 };
}

export async function readCounts(session: Session): Promise<readonly TaskCount[]> {
  return session.read<TaskCount & Record<string, unknown>>("task-counts");
}
