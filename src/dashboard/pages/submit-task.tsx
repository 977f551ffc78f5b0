/** Queues a task: asks for the agent, the payload and a priority. */
import { type Signal, signal } from "@preact/signals";
import { asked, tell, tellFault } from "../act.ts";
import { daemon } from "../daemon.ts";
import { queue } from "../live-state.ts";
import { taskLink } from "../places.ts";

interface Draft {
  /** `project/agent`. */
  readonly worker: Signal<string>;
  readonly payload: Signal<string>;
  readonly priority: Signal<string>;
}

/** Workers of one project, or of all. */
export async function submitTask(project: string | null): Promise<void> {
  const workers = offered(project);
  const draft: Draft = {
    worker: signal(workers[0] ?? ""),
    payload: signal("{}"),
    priority: signal(""),
  };
  const yes = await asked({
    title: "Submit a task",
    body: <Form draft={draft} workers={workers} />,
    go: "Submit",
    danger: false,
    allowed: () => faultOf(draft) === null,
  });
  if (!yes) return;
  const [name = "", agent = ""] = draft.worker.value.split("/");
  try {
    const { task } = await daemon.submit({
      project: name,
      agent,
      payload: JSON.parse(draft.payload.value),
      priority: draft.priority.value === "" ? null : Number(draft.priority.value),
    });
    tell("good", `Task ${task.id} is queued`);
    location.hash = taskLink(task.id);
  } catch (thrown) {
    tellFault(thrown);
  }
}

/** Every `project/agent` that takes tasks. */
export function offered(project: string | null): readonly string[] {
  return (queue.value?.workers ?? [])
    .filter((worker) => project === null || worker.project === project)
    .map((worker) => `${worker.project}/${worker.agent}`)
    .toSorted();
}

function Form({ draft, workers }: { readonly draft: Draft; readonly workers: readonly string[] }) {
  const fault = faultOf(draft);
  return (
    <>
      <label class="field">
        <span>Agent</span>
        <select
          value={draft.worker}
          onChange={(event) => (draft.worker.value = event.currentTarget.value)}
        >
          {workers.map((worker) => (
            <option key={worker} value={worker}>
              {worker}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Payload (JSON)</span>
        <textarea
          rows={6}
          spellcheck={false}
          value={draft.payload}
          onInput={(event) => (draft.payload.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Priority, 0 to 1000 (empty: the project's)</span>
        <input
          type="number"
          min={0}
          max={1000}
          value={draft.priority}
          onInput={(event) => (draft.priority.value = event.currentTarget.value)}
        />
      </label>
      {fault !== null && (
        <p class="bad" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

function faultOf({ payload, priority, worker }: Draft): string | null {
  if (worker.value === "") return "No agent takes tasks: declare one with `on: task`.";
  try {
    JSON.parse(payload.value);
  } catch (thrown) {
    return `The payload is not JSON: ${thrown instanceof Error ? thrown.message : ""}`;
  }
  return isPriority(priority.value) ? null : "The priority is a whole number from 0 to 1000.";
}

/** Empty counts. */
export function isPriority(text: string): boolean {
  const value = Number(text);
  return Number.isInteger(value) && value >= 0 && value <= 1000;
}
