/** The tasks of a project, newest first, and a way to queue another. */
import { useComputed, useSignal } from "@preact/signals";
import type { ApiTask } from "../../schema/api-task.ts";
import { writes } from "../act.ts";
import { daemon } from "../daemon.ts";
import { projectOf, queue, workersOf } from "../live-state.ts";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { useResource } from "../resource.ts";
import { may } from "../rights.ts";
import { submitTask } from "./submit-task.tsx";
import { TaskTable } from "./task-table.tsx";

const LISTED = 100;
type State = ApiTask["state"];
const GROUPS: Readonly<Record<string, readonly State[]>> = {
  all: [],
  open: ["pending", "ready", "running"],
  succeeded: ["succeeded"],
  "not well": ["failed", "timed-out", "lost", "dead", "cancelled"],
};

export function ProjectTasks({ name }: { readonly name: string }) {
  const group = useSignal("all");
  const version = useComputed(() =>
    (queue.value?.workers ?? [])
      .filter(({ project }) => project === name)
      .map(({ agent, running, waiting }) => `${agent}:${running}:${waiting}`)
      .concat(String(projectOf(name)?.value.view.usage.cpuMs ?? 0), String(writes.value))
      .join(" "),
  );
  const states = GROUPS[group.value] ?? [];
  const found = useResource({
    subject: `${name} ${group.value}`,
    version: version.value,
    read: () => daemon.tasks({ project: name, state: [...states], limit: LISTED }),
  }).value;
  const workers = workersOf(name);
  return (
    <Panel
      title="Tasks"
      aside={
        <div class="tools">
          <select
            aria-label="Which tasks"
            value={group}
            onChange={(event) => (group.value = event.currentTarget.value)}
          >
            {Object.keys(GROUPS).map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          {workers.length > 0 && may("run") && (
            <button type="button" class="primary" onClick={() => void submitTask(name)}>
              Submit a task
            </button>
          )}
        </div>
      }
    >
      <Loaded of={found}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty>
              {workers.length === 0
                ? "This project has no worker agent (`on: task`)."
                : "No such task."}
            </Empty>
          ) : (
            <TaskTable tasks={page.items} project={false} />
          )
        }
      </Loaded>
    </Panel>
  );
}
