/** What may be done with a task in its state: the task's own table of moves decides. */
import { mayMoveTask } from "../../model/task.ts";
import type { TaskSummary } from "../../client/tasks.ts";
import { act, asked } from "../act.ts";
import { daemon } from "../daemon.ts";
import { may } from "../rights.ts";

type Steered = Pick<TaskSummary, "id" | "state" | "project" | "agent">;

export function TaskButtons({ of }: { readonly of: Steered }) {
  if (!may("run")) return null;
  return (
    <span class="buttons end">
      {mayMoveTask(of.state, "cancelled") && (
        <button
          type="button"
          class="small"
          aria-label={`Cancel task ${of.id}`}
          onClick={() => void cancelTask(of)}
        >
          Cancel
        </button>
      )}
      {isEndedBadly(of.state) && (
        <button
          type="button"
          class="small"
          aria-label={`Retry task ${of.id}`}
          onClick={() => void act(`Task ${of.id} is queued again`, () => daemon.retryTask(of.id))}
        >
          Retry
        </button>
      )}
    </span>
  );
}

/** Asks first when something runs. */
async function cancelTask({ id, state, project, agent }: Steered): Promise<void> {
  const yes =
    state !== "running" ||
    (await asked({
      title: `Cancel task ${id}?`,
      body: (
        <p>
          Its process in {project}/{agent} is ended with everything it started, and the task is not
          tried again.
        </p>
      ),
      go: `Cancel task ${id}`,
      danger: true,
    }));
  if (yes) await act(`Task ${id} is cancelled`, () => daemon.cancelTask(id));
}

function isEndedBadly(state: Steered["state"]): boolean {
  return state !== "running" && state !== "pending" && mayMoveTask(state, "ready");
}
