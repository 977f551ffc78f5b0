/** Attempts that the records know and the desk does not: a predecessor's, or ones whose claim was answered too late. */
import type { TaskRecord } from "../../model/task.ts";
import type { Claimed, RunningAttempt } from "../../postgres/task-door.ts";
import type { Desk } from "./desk-state.ts";
import { cancelRun, handOver } from "./hand-over.ts";

/** Takes it over under the same run; one that its runner has not confirmed is handed over again, which starts no run twice. */
export async function takeOver(attempt: RunningAttempt, desk: Desk): Promise<void> {
  const { task, run, project, agent, startedAt } = attempt;
  const record = attempt.handed ? null : await desk.session.doors.postgres.tasks.get(task);
  // It ended or went back since it was read.
  if (!attempt.handed && (record?.state !== "running" || record.run !== run)) return;
  const unhanded = record === null ? null : claimOf(attempt, record, desk);
  desk.pool.hold(attempt);
  const told = { cancelling: attempt.cancelAsked, progress: null, waitedMs: null, begun: true };
  const offered = { unhanded, unsure: true, refused: false, withdrawn: false };
  desk.runs.set(run, { task, run, project, agent, startedAt, ...offered, ...told });
  if (!desk.session.doors.runners.connected(project)) return;
  if (unhanded !== null) void handOver(unhanded, desk);
  else if (attempt.cancelAsked) void cancelRun(project, run, desk);
}

/** Null: its agent is no longer declared, so nobody can hand it over. */
function claimOf(
  { task, run, project, agent }: RunningAttempt,
  { attempts: attempt, payload }: TaskRecord,
  desk: Desk,
): Claimed | null {
  const policy = desk.session.world.records.get(project)?.spec.agents[agent]?.task ?? null;
  if (policy === null) return null;
  return { task, run, project, agent, attempt, payload, timeoutMs: policy.timeoutMs };
}
