/** What may be done with a project in the phase it is in: the lifecycle's own table decides. */
import { useSignal } from "@preact/signals";
import { mayMove, phaseOnIntent, type Wanted } from "../../model/lifecycle.ts";
import type { ApiProject } from "../../schema/api-project.ts";
import { act, asked } from "../act.ts";
import { countText } from "../format.ts";
import { daemon } from "../daemon.ts";
import { may } from "../rights.ts";
import { removeProject } from "./project-remove.tsx";

interface Action {
  readonly verb: "pause" | "stop" | "resume" | "start" | "restart" | "complete";
  readonly label: string;
  readonly done: string;
  readonly wanted: Wanted;
  /** What is destroyed or interrupted; null: nothing, so nobody is asked. */
  readonly warning: ((view: ApiProject) => string) | null;
}

const running = (view: ApiProject): string =>
  countText(view.agents.filter(({ pid }) => pid !== null).length, "running process");

const ACTIONS: readonly Action[] = [
  { verb: "resume", label: "Resume", done: "is resuming", wanted: "active", warning: null },
  { verb: "start", label: "Start", done: "is starting", wanted: "active", warning: null },
  { verb: "pause", label: "Pause", done: "is being frozen", wanted: "frozen", warning: null },
  {
    verb: "restart",
    label: "Restart",
    done: "is restarting",
    wanted: "active",
    warning: (view) =>
      `Its container is made anew: ${running(view)} will be ended and started again. The workspace stays.`,
  },
  {
    verb: "stop",
    label: "Stop",
    done: "is stopping",
    wanted: "stopped",
    warning: (view) =>
      `${running(view)} will be ended. The project, its workspace and its waiting tasks stay.`,
  },
  {
    verb: "complete",
    label: "Complete",
    done: "is completing",
    wanted: "completed",
    warning: (view) =>
      `Its container is removed: ${running(view)} will be ended. The workspace stays.`,
  },
];

export function ProjectActions({ view }: { readonly view: ApiProject }) {
  const busy = useSignal(false);
  const take = async (action: Action): Promise<void> => {
    busy.value = true;
    await perform(action, view);
    busy.value = false;
  };
  if (!may("admin")) return null;
  return (
    <div class="buttons actions">
      {ACTIONS.filter((action) => offered(action, view)).map((action) => (
        <button
          key={action.verb}
          type="button"
          disabled={busy.value}
          onClick={() => void take(action)}
        >
          {action.label}
        </button>
      ))}
      {view.wanted !== "removed" && (
        <button type="button" class="danger" onClick={() => void removeProject(view)}>
          Remove
        </button>
      )}
    </div>
  );
}

async function perform(action: Action, view: ApiProject): Promise<void> {
  const { verb, label, done, warning } = action;
  const yes =
    warning === null ||
    (await asked({
      title: `${label} ${view.name}?`,
      body: <p>{warning(view)}</p>,
      go: `${label} ${view.name}`,
      danger: verb !== "restart",
    }));
  if (yes)
    await act(`${view.name} ${done}`, () => daemon.steer({ project: view.name, verb, body: {} }));
}

/** A wish that is the present one is not offered, nor a move the lifecycle does not know. */
function offered({ verb, wanted }: Action, view: ApiProject): boolean {
  const { phase } = view;
  if (verb === "restart") return view.wanted === "active" && mayMove(phase, "activating");
  if (view.wanted === wanted) return false;
  const next = phaseOnIntent(phase, wanted);
  if (next === null || !mayMove(phase, next)) return false;
  if (verb === "resume") return next === "resuming";
  if (verb === "start") return next === "activating";
  return true;
}
