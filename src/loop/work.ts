/** What counts as work of a project: what keeps it from resting, and wakes it. */
import { CLOSED, breakerStarts } from "../plan/pool/breaker.ts";
import type { ProjectRow } from "../postgres/door.ts";
import type { Session } from "./session.ts";
import type { Desk } from "./tasks/desk-state.ts";
import { keyOf } from "./tasks/measures.ts";
import type { Idleness } from "./world.ts";

/** A sentence; null: there is none. Tasks that run (also those that wait for a person) or could run, execs, and arriving. */
export function workOf(
  record: ProjectRow,
  { holds, rest }: Idleness,
  session: Session,
): string | null {
  const { name: project, phase, spec } = record;
  if (phase !== "active") return `it is ${phase}`;
  if (holds > 0) return "an exec is open";
  const { desk, questions } = session;
  if (questions?.busy(project) === true) return "a person is asked";
  // Until the desk has read what waits, nobody knows.
  if (desk === null) return rest === null ? "it is not known yet" : null;
  const lines = desk.pool.lines(project);
  if (lines !== null && lines.running > 0) return `${lines.running} tasks run`;
  const waiting = startable(record, desk);
  if (waiting !== null) return `task ${waiting} waits`;
  if (!Object.values(spec.agents).some(({ task }) => task !== null)) return "it has only services";
  return rest === null ? arriving(project, session) : null;
}

/** A task that waits for nothing but its turn; what an open breaker, or a missing agent, holds back is no reason to wake. */
function startable({ name: project, spec, stoppedAgents }: ProjectRow, desk: Desk): string | null {
  const lines = desk.pool.lines(project);
  if (lines === null) return null;
  const now = desk.session.now();
  const open = (key: string): boolean =>
    breakerStarts(desk.measures.breakers.get(key) ?? CLOSED, now) > 0;
  if (!open(project)) return null;
  for (const [agent, { queue }] of lines.agents) {
    const task = spec.agents[agent]?.task ?? null;
    if (task === null || stoppedAgents.includes(agent) || !open(keyOf(project, agent))) continue;
    const head = queue.head(now);
    if (head !== null) return head.task.id;
  }
  return null;
}

/** Services that are still coming up, or going down: freezing them halfway serves nobody. */
function arriving(project: string, { doors, world }: Session): string | null {
  if ((world.waiting.get(project) ?? []).length > 0) return "it waits to run";
  const report = doors.runners.report(project);
  if (report === null || !doors.runners.connected(project)) return "its runner is not heard";
  if (report.workspace === "pending") return "its workspace is being made";
  const moving = report.agents.find(({ state }) => state === "starting" || state === "stopping");
  return moving === undefined ? null : `${moving.agent} is ${moving.state}`;
}
