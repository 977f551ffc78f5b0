/** Tasks as a table: each with its state, when, how often tried, and what may be done. */
import type { ComponentChildren } from "preact";
import type { TaskSummary } from "../../client/tasks.ts";
import { spanText } from "../format.ts";
import { Age } from "../parts/age.tsx";
import { TaskBadge } from "../parts/badge.tsx";
import { plainText } from "../plain-text.ts";
import { projectLink, taskLink } from "../places.ts";
import { Scroll } from "../parts/scroll.tsx";

export interface TaskTableProps {
  readonly tasks: readonly TaskSummary[];
  /** Whether the project is named. */
  readonly project: boolean;
  readonly buttons?: (task: TaskSummary) => ComponentChildren;
}

export function TaskTable({ tasks, project, buttons }: TaskTableProps) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Task</th>
            {project && <th>Project</th>}
            <th>Agent</th>
            <th>State</th>
            <th class="number">Tries</th>
            <th>Submitted</th>
            <th>Ran</th>
            {buttons !== undefined && (
              <th>
                <span class="visually-hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <tr key={task.id}>
              <td>
                <a href={taskLink(task.id)}>{task.id}</a>
              </td>
              {project && (
                <td>
                  <a href={projectLink(task.project)}>{task.project}</a>
                </td>
              )}
              <td>{task.agent}</td>
              <td>
                <TaskBadge state={task.state} />
                <Note task={task} />
              </td>
              <td class="number">
                {task.attempts}/{task.maxAttempts}
              </td>
              <td>
                <Age at={task.submittedAt} suffix=" ago" />
              </td>
              <td>{ranText(task)}</td>
              {buttons !== undefined && <td class="end">{buttons(task)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Note({ task }: { readonly task: TaskSummary }) {
  const { progress, reason } = task;
  if (task.state === "running" && progress !== null)
    return (
      <span class="muted reason">
        {Math.round(progress.fraction * 100)} % {plainText(progress.text)}
      </span>
    );
  return reason === null ? null : <span class="muted reason">{plainText(reason)}</span>;
}

/** Of the latest attempt; one that runs would have to be counted on. */
function ranText({ ran }: TaskSummary): string {
  return ran === null || ran.until === null ? "–" : spanText(ran.until - ran.from);
}
