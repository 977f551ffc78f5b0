/** Explaining a task: what keeps it from starting, or from going on, and what would change that. */
import type { ExplainView } from "../../model/task-view.ts";
import type { TaskRecord } from "../../model/task.ts";
import { isTerminal } from "../../model/task.ts";
import { constraintOn } from "../../plan/pool/constraint.ts";
import type { PostgresDoor } from "../../postgres/door.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";
import { poolLimits } from "../tasks/limits.ts";
import { decisionsAboutTask } from "./decisions.ts";
import { standingAside } from "./explain-aside.ts";
import { expectedStarts } from "./queue.ts";
import { wouldStart } from "./would-start.ts";

type Words = Pick<ExplainView, "constraint" | "wouldStart" | "estimateMs" | "errorMs">;

const NOTHING: Words = { constraint: null, wouldStart: null, estimateMs: null, errorMs: null };

export async function explainTask(record: TaskRecord, desk: OpenDesk): Promise<ExplainView> {
  const { postgres } = desk.session.doors;
  return {
    subject: record.id,
    kind: "task",
    state: record.reason === null ? record.state : `${record.state}: ${record.reason}`,
    ...(await wordsOf(record, desk)),
    decisions: await decisionsAboutTask(record, postgres),
  };
}

async function wordsOf(record: TaskRecord, desk: OpenDesk): Promise<Words> {
  if (isTerminal(record.state)) return NOTHING;
  const { doors, world } = desk.session;
  const project = world.records.get(record.project);
  // a running one stands still with its project
  const aside = project === undefined ? {} : await standingAside(project, doors.postgres);
  if (record.state === "running") return { ...NOTHING, ...aside };
  const unmet = await unmetOf(record, doors.postgres);
  if (unmet.length > 0)
    return {
      ...NOTHING,
      constraint: `dependencies: waits for ${unmet.join(", ")}`,
      wouldStart: unmet.length === 1 ? "it has to succeed" : "they have to succeed",
    };
  return { ...boundBy(record, desk), ...aside };
}

function boundBy(record: TaskRecord, desk: OpenDesk): Words {
  const limits = poolLimits(desk);
  const now = desk.session.now();
  const { kind, text } = constraintOn(record, { pool: desk.pool, limits, now });
  const start = expectedStarts(desk, limits).get(record.id);
  return {
    constraint: text,
    wouldStart: wouldStart(kind, record),
    estimateMs: start === undefined ? null : Math.max(0, Math.round(start.at - now)),
    errorMs: start === undefined ? null : Math.max(0, Math.round((start.to - start.from) / 2)),
  };
}

/** `41 (running)`: those of its dependencies that have not succeeded. */
async function unmetOf(
  { state, after, attempts }: TaskRecord,
  { tasks }: Pick<PostgresDoor, "tasks">,
): Promise<readonly string[]> {
  if (state !== "pending" || after.length === 0 || attempts > 0) return [];
  const found = await Promise.all(after.map((id) => tasks.get(id)));
  return found.flatMap((task) =>
    task === null || task.state === "succeeded" ? [] : [`${task.id} (${task.state})`],
  );
}
