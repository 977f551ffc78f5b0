/** What waits, in order, with what binds each and when it probably starts. */
import { useSignal } from "@preact/signals";
import type { ApiQueue } from "../../schema/api-task.ts";
import { act } from "../act.ts";
import { daemon } from "../daemon.ts";
import { spanText } from "../format.ts";
import { Empty } from "../parts/loaded.tsx";
import { plainText } from "../plain-text.ts";
import { projectLink, taskLink } from "../places.ts";
import { may } from "../rights.ts";
import { isPriority } from "./submit-task.tsx";
import { TaskButtons } from "./task-buttons.tsx";
import { Scroll } from "../parts/scroll.tsx";

type Row = ApiQueue["items"][number];

export function QueueWaiting({ view }: { readonly view: ApiQueue }) {
  if (view.items.length === 0) return <Empty>Nothing waits.</Empty>;
  return (
    <>
      <Scroll>
        <table>
          <thead>
            <tr>
              <th class="number">Place</th>
              <th>Task</th>
              <th>Worker</th>
              <th>Priority</th>
              <th>Waits since</th>
              <th>What binds</th>
              <th>Starts in</th>
              <th>
                <span class="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {view.items.map((row) => (
              <WaitingRow key={row.task} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {view.waiting > view.items.length && (
        <Empty>
          The first {view.items.length} of {view.waiting} are shown.
        </Empty>
      )}
    </>
  );
}

function WaitingRow({ row }: { readonly row: Row }) {
  const { task, project, agent } = row;
  return (
    <tr>
      <td class="number">{row.position}</td>
      <td>
        <a href={taskLink(task)}>{task}</a>
      </td>
      <td>
        <a href={projectLink(project, "tasks")}>
          {project}/{agent}
        </a>
      </td>
      <td>
        <PriorityForm task={task} priority={row.priority} />
      </td>
      <td>{spanText(row.waitingMs)}</td>
      <td>{plainText(row.constraint)}</td>
      <td>{estimateText(row)}</td>
      <td class="end">
        <TaskButtons of={{ id: task, project, agent, state: "ready" }} />
      </td>
    </tr>
  );
}

/** `12.0 s ± 4.0 s`; what nothing was measured of yet is not guessed. */
export function estimateText({
  estimateMs,
  errorMs,
}: Readonly<{ estimateMs: number | null; errorMs: number | null }>): string {
  if (estimateMs === null) return "unknown";
  return errorMs === null || errorMs === 0
    ? spanText(estimateMs)
    : `${spanText(estimateMs)} ± ${spanText(errorMs)}`;
}

export function PriorityForm({
  task,
  priority,
}: {
  readonly task: string;
  readonly priority: number;
}) {
  const typed = useSignal<string | null>(null);
  const text = typed.value ?? String(priority);
  const change = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!isPriority(text)) return;
    await act(`Task ${task} has priority ${text}`, () => daemon.prioritiseTask(task, Number(text)));
    typed.value = null;
  };
  if (!may("run")) return <>{priority}</>;
  return (
    <form class="inline" onSubmit={(event) => void change(event)}>
      <input
        type="number"
        min={0}
        max={1000}
        required
        aria-label={`Priority of task ${task}, 0 to 1000`}
        value={text}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      {typed.value !== null && typed.value !== String(priority) && (
        <button type="submit" class="small primary">
          Set
        </button>
      )}
    </form>
  );
}
