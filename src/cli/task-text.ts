/** Tasks in words and columns, for every verb that shows them. */
import { withoutControls } from "../base/controls.ts";
import type { Task, TaskSummary } from "../client/tasks.ts";
import type { ApiExplain } from "../schema/api-task.ts";
import type { Context } from "./context.ts";
import { ageText, spanText, timeText } from "./format.ts";
import type { Style } from "./style.ts";
import type { Column } from "./table.ts";

type Decisions = ApiExplain["decisions"];

/** Columns of `task list`. */
export function taskColumns({ io, style }: Context): readonly Column<TaskSummary>[] {
  return [
    { title: "TASK", cell: (task) => task.id },
    { title: "AGENT", cell: (task) => `${task.project}/${task.agent}` },
    {
      title: "STATE",
      cell: stateText,
      paint: (task, text) => statePaint(task.state, style)(text),
    },
    { title: "ATTEMPT", cell: (task) => `${task.attempts}/${task.maxAttempts}`, right: true },
    { title: "PRIORITY", cell: (task) => String(task.priority), right: true, wide: true },
    { title: "COMPLEXITY", cell: (task) => String(task.complexity), right: true, wide: true },
    { title: "EXIT", cell: exitText, right: true },
    { title: "AGE", cell: (task) => ageText(io.now() - task.submittedAt), right: true },
    { title: "RAN", cell: (task) => ranText(task, io.now()), right: true },
    { title: "RUN", cell: (task) => task.run ?? "-", wide: true },
    { title: "TAGS", cell: (task) => task.tags.join(","), wide: true },
    { title: "REASON", cell: (task) => task.reason ?? "" },
  ];
}

/** `running 40%`. */
function stateText({ state, progress }: TaskSummary): string {
  return progress === null ? state : `${state} ${Math.round(progress.fraction * 100)}%`;
}

/** Colour of a state: fine, on the way, or in need of somebody. */
export function statePaint(state: Task["state"], style: Style): (text: string) => string {
  switch (state) {
    case "succeeded":
      return style.green;
    case "failed":
    case "timed-out":
    case "lost":
    case "dead":
      return style.red;
    case "pending":
    case "ready":
    case "running":
      return style.yellow;
    case "cancelled":
      return style.dim;
  }
}

/** `0`, `SIGKILL`, or `-`. */
export function exitText({
  exitCode,
  signal,
}: Readonly<{ exitCode: number | null; signal: string | null }>): string {
  return signal ?? (exitCode === null ? "-" : String(exitCode));
}

/** How long its latest attempt ran, or runs; what it waited before, or waits since, is no part of it. */
export function ranText({ ran }: TaskSummary, now: number): string {
  return ran === null ? "-" : spanText((ran.until ?? now) - ran.from);
}

/** Key and value a line, keys in one column. */
export function pairLines(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...pairs.map(([key]) => key.length)) + 2;
  return pairs.map(([key, value]) => `${`${key}:`.padEnd(width)}${value}`);
}

/** `estimate ± error`, or that nothing is measured yet. */
export function estimateText(estimateMs: number | null, errorMs: number | null): string {
  if (estimateMs === null) return "?";
  return errorMs === null ? spanText(estimateMs) : `${spanText(estimateMs)} ± ${spanText(errorMs)}`;
}

/** A line a decision, newest first. */
export function decisionLines(decisions: Decisions, style: Style): readonly string[] {
  return decisions.map(({ at, project, agent, text, why }) => {
    const numbers = Object.entries(why).map(numberText);
    const of = numbers.length === 0 ? "" : ` (${numbers.join(", ")})`;
    const whose = agent === "" ? project : `${project}/${agent}`;
    return `  ${style.dim(timeText(at))} ${whose} ${withoutControls(text)}${of}`;
  });
}

/** `wait 23.9s` of `waitMs`: names say their units. */
function numberText([name, value]: readonly [string, number]): string {
  return name.endsWith("Ms")
    ? `${name.slice(0, -2)} ${spanText(value)}`
    : `${name} ${round(value)}`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
