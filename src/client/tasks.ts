/** Calls about tasks: part of the client. */
import type {
  ApiExplain,
  ApiQueue,
  ApiSubmitted,
  ApiTask,
  ApiWhy,
  AttemptList,
  TaskPage,
} from "../schema/api-task.ts";
import type { QueueQuery, TaskBody, TasksQuery } from "../schema/api-task-request.ts";

export type Task = ApiTask;
export type TaskSummary = TaskPage["items"][number];
export type Queue = ApiQueue;

export interface Calls {
  readonly get: <T>(path: string, query?: object) => Promise<T>;
  readonly write: <T>(path: string, body: object) => Promise<T>;
}

/** Functions over one daemon's tasks; paths are below `/api/v1`. */
export function taskCalls({ get, write }: Calls) {
  return {
    submit: (task: TaskBody) => write<ApiSubmitted>("/tasks", task),
    task: (id: string) => get<Task>(at(id)),
    attempts: async (id: string) => (await get<AttemptList>(`${at(id)}/attempts`)).items,
    tasks: (query: TasksQuery) => get<TaskPage>("/tasks", query),
    cancelTask: (id: string) => write<Task>(`${at(id)}/cancel`, {}),
    retryTask: (id: string) => write<Task>(`${at(id)}/retry`, {}),
    prioritiseTask: (id: string, priority: number) =>
      write<Task>(`${at(id)}/priority`, { priority }),
    queue: (query: QueueQuery) => get<Queue>("/queue", query),
    /** `PROJECT`, `PROJECT/AGENT` or a task's id. */
    explain: (subject: string) =>
      get<ApiExplain>(`/explain/${subject.split("/").map(encodeURIComponent).join("/")}`),
    why: (subject: string) => get<ApiWhy>(`/why/${encodeURIComponent(subject)}`),
  };
}

function at(id: string): string {
  return `/tasks/${encodeURIComponent(id)}`;
}
