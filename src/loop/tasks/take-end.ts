/** What the records say of a task that ended, went back to wait, or moved replaces what the desk remembers of it. */
import { isTerminal, type SettledTask } from "../../model/task.ts";
import { type Desk, waitingOf } from "./desk-state.ts";
import { endOf, noteEnd, noteUntried } from "./measures.ts";

export function takeEnd(record: SettledTask, desk: Desk): void {
  if (record.state === "running") return;
  const runs = [...desk.runs.values()].filter(({ task }) => task === record.id);
  const now = desk.session.now();
  // What ended while it waited (a deadline passed, what it comes after failed) says nothing of the work.
  const { outcome } = record;
  if (runs.length > 0 && outcome !== undefined)
    noteEnd(desk.measures, endOf({ ...record, outcome }, now));
  else noteUntried(desk.measures, record, now);
  desk.session.metrics.taskEnded(
    record.project,
    isTerminal(record.state) ? record.state : "retried",
  );
  desk.pool.finish(record.id);
  desk.pool.remove(record.id);
  for (const { run } of runs) desk.runs.delete(run);
  if (record.state === "ready") desk.pool.insert(waitingOf(record));
  desk.dispatch();
}
