/** What the API may ask of the running daemon about tasks; `Daemon` is this and more. */
import type {
  AttemptView,
  ExplainView,
  QueueView,
  Submitted,
  TaskSummary,
  TaskView,
  WhyView,
} from "../model/task-view.ts";
import type { TaskRequest } from "../model/task.ts";
import type { Asker, KeyedAsker } from "../postgres/door.ts";
import type { TaskQuery } from "../postgres/task-door.ts";

/** All throw BerthError; an id that names nothing is usage `postgres.task-unknown`. */
export interface TaskDaemon {
  /**
   * Durable when it answers; one answer a request, in order. One bad request does not spoil the others. The payload's size was
   * looked at by the API (`payloadFault`); what needs the declaration or the records of earlier submissions is looked at here.
   */
  submitTasks(requests: readonly TaskRequest[], by: Asker): Promise<readonly Submitted[]>;
  task(id: string): Promise<TaskView>;
  /** Tries at one task, oldest first. */
  attempts(id: string): Promise<readonly AttemptView[]>;
  /** Newest first. */
  tasks(query: TaskQuery): Promise<readonly TaskSummary[]>;
  cancelTask(id: string, by: KeyedAsker): Promise<TaskView>;
  retryTask(id: string, by: KeyedAsker): Promise<TaskView>;
  prioritiseTask(id: string, priority: number, by: KeyedAsker): Promise<TaskView>;
  /** What waits, of one project or of all, at most `limit` rows. */
  queue(project: string | null, limit: number): Promise<QueueView>;
  /** `PROJECT`, `PROJECT/AGENT` or a task's id. */
  explain(subject: string): Promise<ExplainView>;
  /** A task's id (its latest attempt) or a run's. */
  why(subject: string): Promise<WhyView>;
}
