/** One task as people read it. */
import { withoutControls } from "../base/controls.ts";
import type { Task } from "../client/tasks.ts";
import type { ApiAttempt } from "../schema/api-task.ts";
import { clip } from "./clip.ts";
import type { Context } from "./context.ts";
import { ageText, timeText } from "./format.ts";
import { exitText, pairLines, statePaint, tookText } from "./task-text.ts";

/** Text of `task show`; payload and result are whole in json and yaml. `last` is the attempt of its run, once it has ended. */
export function shownTask(
  task: Task,
  last: ApiAttempt | undefined,
  { io, style }: Context,
): string {
  const now = io.now();
  const spent = tookText({ ...task, endedAt: last?.endedAt ?? task.endedAt }, now);
  const took = spent === "-" ? [] : [spent];
  const optional: readonly (readonly [string, string | null])[] = [
    ["Reason", task.reason],
    ["Progress", progressText(task)],
    ["Deadline", task.deadlineAt === null ? null : timeText(task.deadlineAt)],
    ["After", task.after.length === 0 ? null : task.after.join(", ")],
    ["Tags", task.tags.length === 0 ? null : task.tags.join(", ")],
    ["Not before", task.notBefore === null ? null : timeText(task.notBefore)],
    ["Run", task.run],
    ["Started", task.startedAt === null ? null : [timeText(task.startedAt), ...took].join(", ")],
    ["Exit", task.endedAt === null ? null : exitText(task)],
    ["Result", task.result === null ? null : clip(JSON.stringify(task.result))],
  ];
  return pairLines([
    ["Task", style.bold(task.id)],
    ["Agent", `${task.project}/${task.agent}`],
    ["State", statePaint(task.state, style)(task.state)],
    ["Attempt", `${task.attempts} of ${task.maxAttempts}`],
    ["Priority", `${task.priority}, complexity ${task.complexity}`],
    ["Submitted", `${timeText(task.submittedAt)}, ${ageText(now - task.submittedAt)} ago`],
    ...optional.flatMap(([key, value]) =>
      value === null ? [] : [[key, withoutControls(value)] as const],
    ),
    ["Payload", withoutControls(clip(JSON.stringify(task.payload ?? null)))],
  ]).join("\n");
}

function progressText({ progress }: Task): string | null {
  if (progress === null) return null;
  return `${Math.round(progress.fraction * 100)}% ${progress.text}`.trimEnd();
}
