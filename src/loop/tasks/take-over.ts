/** Attempts that the records know and the desk does not: a predecessor's, or ones whose claim was answered too late. */
import type { Claimed, RunningAttempt } from "../../postgres/task-door.ts";
import type { Desk } from "./desk-state.ts";
import { cancelRun, handOver } from "./hand-over.ts";

/** Takes it over under the same run; one that its runner has not confirmed is handed over again, which starts no run twice. */
export async function takeOver(attempt: RunningAttempt, desk: Desk): Promise<void> {
  const { task, run, project, agent, startedAt } = attempt;
  const unhanded = attempt.handed ? null : await claimOf(attempt, desk);
  desk.pool.hold(attempt);
  const told = { cancelling: attempt.cancelAsked, progress: null, waitedMs: null, begun: true };
  desk.runs.set(run, { task, run, project, agent, startedAt, unhanded, ...told });
  if (!desk.session.doors.runners.connected(project)) return;
  if (unhanded !== null) void handOver(unhanded, desk);
  else if (attempt.cancelAsked) void cancelRun(project, run, desk);
}

async function claimOf(
  { task, run, project, agent }: RunningAttempt,
  desk: Desk,
): Promise<Claimed | null> {
  const record = await desk.session.doors.postgres.tasks.get(task);
  const policy = desk.session.world.records.get(project)?.spec.agents[agent]?.task ?? null;
  if (record === null || policy === null) return null;
  const { attempts: attempt, payload } = record;
  return { task, run, project, agent, attempt, payload, timeoutMs: policy.timeoutMs };
}
