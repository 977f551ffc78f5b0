/** The pool's limits as of now: what is declared, what runs, what is measured, what breakers and scaling allow. */
import type { AgentSpec } from "../../model/agent.ts";
import type { Breaker } from "../../model/breaker.ts";
import { breakerProbe, breakerStarts, CLOSED } from "../../plan/pool/breaker.ts";
import type { AgentLimits, PoolLimits, ProjectLimits } from "../../plan/pool/limits.ts";
import { NO_PERFORMANCE, performanceFactor } from "../../plan/pool/performance.ts";
import { type BacklogSight, scale } from "../../plan/pool/scaling.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import { standOf } from "../idle.ts";
import type { Session } from "../session.ts";
import type { Desk } from "./desk-state.ts";
import { keyOf } from "./measures.ts";
import { tellScaled } from "./tell.ts";

export function poolLimits(desk: Desk): PoolLimits {
  const { world } = desk.session;
  const projects = new Map<string, ProjectLimits>();
  for (const record of world.records.values()) {
    if (workersOf(record).length > 0) projects.set(record.name, projectLimits(record, desk));
  }
  return { slots: world.host.agents, projects };
}

/** Agents that work on tasks. */
export function workersOf({ spec }: ProjectRow): readonly AgentSpec[] {
  return Object.values(spec.agents).filter(({ task }) => task !== null);
}

function projectLimits(record: ProjectRow, desk: Desk): ProjectLimits {
  const { spec, name } = record;
  const { session, measures } = desk;
  const { facts } = session.world;
  const now = session.now();
  const performance = measures.performance.get(name) ?? NO_PERFORMANCE;
  return {
    project: name,
    weight: spec.weight,
    performance: performanceFactor(performance),
    cpuShare: spec.limits.cpus / facts.cpus,
    memoryShare: spec.limits.memoryBytes / facts.memoryBytes,
    meanMs: performance.ended === 0 ? null : performance.recentMs,
    agents: spec.limits.agents,
    services: servicesOf(record),
    waiting: notReady(record, session),
    ...startsOf(measures.breakers.get(name), now),
    workers: new Map(
      workersOf(record)
        .filter((agent) => !record.stoppedAgents.includes(agent.name))
        .map((agent) => [agent.name, agentLimits(name, agent, desk)]),
    ),
  };
}

function startsOf(breaker: Breaker = CLOSED, now: number): Pick<AgentLimits, "starts" | "probe"> {
  return { starts: breakerStarts(breaker, now), probe: breakerProbe(breaker, now) };
}

function servicesOf(record: ProjectRow): number {
  return Object.values(record.spec.agents)
    .filter(({ name, task }) => task === null && !record.stoppedAgents.includes(name))
    .reduce((sum, { name, replicas }) => sum + (record.replicas[name] ?? replicas), 0);
}

function agentLimits(project: string, { name: agent, task }: AgentSpec, desk: Desk): AgentLimits {
  const { session, measures } = desk;
  const now = session.now();
  const key = keyOf(project, agent);
  const min = task?.min ?? 0;
  const max = task?.max ?? 0;
  const before = measures.targets.get(key) ?? null;
  const after = scale(before, backlogOf(project, agent, { min, max, desk }), now);
  measures.targets.set(key, after);
  if (before !== null && before.target !== after.target)
    tellScaled({ project, agent, from: before.target, to: after.target, why: after.why }, session);
  return {
    min,
    max,
    target: after.target,
    ...startsOf(measures.breakers.get(key), now),
  };
}

function backlogOf(
  project: string,
  agent: string,
  { min, max, desk }: Readonly<{ min: number; max: number; desk: Desk }>,
): BacklogSight {
  const line = desk.pool.line(project, agent);
  const head = line?.queue.head(desk.session.now())?.task ?? null;
  return {
    min,
    max,
    waiting: line?.queue.size ?? 0,
    running: line?.running ?? 0,
    // The head stands for its queue: reading all of a long one at every round would cost what the heaps save.
    complexity: head?.complexity ?? 1,
    priority: head?.priority ?? 0,
    oldestReadyAt: head?.readyAt ?? null,
    deadlineAt: head?.deadlineAt ?? null,
    meanMs: desk.measures.durations.get(keyOf(project, agent))?.meanMs ?? null,
  };
}

/** Why the project can take no task now, for people; null: its runner is there and its workspace is ready. */
function notReady(record: ProjectRow, session: Session): string | null {
  if (record.wanted !== "active") return `project: ${record.phase}`;
  const stand = standOf(record.name, session.world);
  if (stand?.kind === "resting") return `project: ${stand.rest}, ${stand.why}`;
  if (session.doors.runners.frozen(record.name)) return "project: frozen, waking up";
  const waiting = session.world.waiting.get(record.name) ?? [];
  const report = session.doors.runners.report(record.name);
  if (!session.doors.runners.connected(record.name) || report === null)
    return waiting[0] ?? "project: its container is not running yet";
  if (report.workspace !== "ready")
    return `workspace: ${report.workspaceDetail ?? report.workspace}`;
  if (report.missingSecrets.length > 0)
    return `secrets missing: ${report.missingSecrets.join(", ")}`;
  return null;
}
