/** One task as people read it. */
import { withoutControls } from "../base/controls.ts";
import type { Task } from "../client/tasks.ts";
import { clip } from "./clip.ts";
import type { Context } from "./context.ts";
import { ageText, spanText, timeText } from "./format.ts";
import { exitText, pairLines, ranText, statePaint } from "./task-text.ts";

/** Text of `task show`; payload and result are whole in json and yaml. */
export function shownTask(task: Task, { io, style }: Context): string {
  const now = io.now();
  const optional: readonly (readonly [string, string | null])[] = [
    ["Reason", task.reason],
    ["Progress", progressText(task)],
    ["Deadline", task.deadlineAt === null ? null : timeText(task.deadlineAt)],
    ["After", task.after.length === 0 ? null : task.after.join(", ")],
    ["Tags", task.tags.length === 0 ? null : task.tags.join(", ")],
    ["Not before", task.notBefore === null ? null : timeText(task.notBefore)],
    ["Run", task.run],
    ["Waited", waitedText(task, now)],
    ["Started", task.ran === null ? null : `${timeText(task.ran.from)}, ran ${ranText(task, now)}`],
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

/** Before its latest attempt: for a slot, and until its process began, for instance because its project was at rest. */
function waitedText({ readyAt, startedAt, endedAt, ran }: Task, now: number): string | null {
  if (readyAt === null) return null;
  // One that waits again has been ready since its latest attempt.
  const slotAt = startedAt === null || startedAt < readyAt ? null : startedAt;
  const forSlot = `${spanText((slotAt ?? endedAt ?? now) - readyAt)} for a slot`;
  if (slotAt === null) return forSlot;
  const begun = ran?.from ?? endedAt ?? now;
  return `${forSlot}, ${spanText(begun - slotAt)} for its process`;
}

function progressText({ progress }: Task): string | null {
  if (progress === null) return null;
  return `${Math.round(progress.fraction * 100)}% ${progress.text}`.trimEnd();
}
