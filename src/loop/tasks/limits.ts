/** The pool's limits as of now: what is declared, what runs, what is measured, what breakers and scaling allow. */
import type { AgentSpec } from "../../model/agent.ts";
import type { Breaker } from "../../model/breaker.ts";
import { breakerProbe, breakerStarts, CLOSED } from "../../plan/pool/breaker.ts";
import type { AgentLimits, PoolLimits, ProjectLimits } from "../../plan/pool/limits.ts";
import { NO_PERFORMANCE, performanceFactor } from "../../plan/pool/performance.ts";
import { type BacklogSight, scale } from "../../plan/pool/scaling.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import { namedSecrets } from "../../report/status.ts";
import { asideClause } from "../aside.ts";
import { standOf } from "../idle.ts";
import type { Session } from "../session.ts";
import type { Desk } from "./desk-state.ts";
import { keyOf } from "./measures.ts";
import { tellScaled } from "./tell.ts";

/** Where an agent's worker target comes from. */
type TargetOf = (project: string, agent: AgentSpec, desk: Desk) => number;

/** As they stand, for readers: looking at them moves nothing. */
export function poolLimits(desk: Desk): PoolLimits {
  return limitsBy(standingTarget, desk);
}

/** For an allocation round: worker targets follow the backlog, and who moves is told. */
export function movedLimits(desk: Desk): PoolLimits {
  return limitsBy(movedTarget, desk);
}

function limitsBy(targetOf: TargetOf, desk: Desk): PoolLimits {
  const { world } = desk.session;
  const projects = new Map<string, ProjectLimits>();
  for (const record of world.records.values()) {
    if (workersOf(record).length > 0)
      projects.set(record.name, projectLimits(record, targetOf, desk));
  }
  return { slots: world.host.agents, projects };
}

/** Agents that work on tasks. */
function workersOf({ spec }: ProjectRow): readonly AgentSpec[] {
  return Object.values(spec.agents).filter(({ task }) => task !== null);
}

function projectLimits(record: ProjectRow, targetOf: TargetOf, desk: Desk): ProjectLimits {
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
      workersOf(record).map((agent) => [
        agent.name,
        record.stoppedAgents.includes(agent.name)
          ? stoppedLimits(agent)
          : agentLimits(name, agent, { targetOf, desk }),
      ]),
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

/** No slot is kept for it, and its breaker waits with it. */
function stoppedLimits({ task }: AgentSpec): AgentLimits {
  return { stopped: true, min: 0, max: task?.max ?? 0, target: 0, starts: 0, probe: null };
}

function agentLimits(
  project: string,
  agent: AgentSpec,
  { targetOf, desk }: Readonly<{ targetOf: TargetOf; desk: Desk }>,
): AgentLimits {
  const breaker = desk.measures.breakers.get(keyOf(project, agent.name));
  return {
    stopped: false,
    min: agent.task?.min ?? 0,
    max: agent.task?.max ?? 0,
    target: targetOf(project, agent, desk),
    ...startsOf(breaker, desk.session.now()),
  };
}

function movedTarget(project: string, agent: AgentSpec, desk: Desk): number {
  const { session, measures } = desk;
  const key = keyOf(project, agent.name);
  const before = measures.targets.get(key) ?? null;
  const after = scale(before, backlogOf(project, agent, desk), session.now());
  measures.targets.set(key, after);
  const { target: to, why } = after;
  if (before !== null && before.target !== to)
    tellScaled({ project, agent: agent.name, from: before.target, to, why }, session);
  return to;
}

/** What the last round decided, within today's bounds; before the first one, what it would decide. */
function standingTarget(project: string, agent: AgentSpec, desk: Desk): number {
  const standing = desk.measures.targets.get(keyOf(project, agent.name));
  if (standing === undefined)
    return scale(null, backlogOf(project, agent, desk), desk.session.now()).target;
  return Math.max(agent.task?.min ?? 0, Math.min(agent.task?.max ?? 0, standing.target));
}

function backlogOf(project: string, { name: agent, task }: AgentSpec, desk: Desk): BacklogSight {
  const min = task?.min ?? 0;
  const max = task?.max ?? 0;
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
  const aside = asideClause(record);
  if (aside !== null) return aside;
  const stand = standOf(record.name, session.world);
  if (stand?.kind === "resting") return `project: ${stand.rest}, ${stand.why}`;
  if (session.doors.runners.frozen(record.name)) return "project: frozen, waking up";
  const waiting = session.world.waiting.get(record.name) ?? [];
  const report = session.doors.runners.report(record.name);
  if (!session.doors.runners.connected(record.name) || report === null)
    return waiting[0] ?? "project: its container is not running yet";
  if (report.workspace !== "ready")
    return `workspace: ${report.workspaceDetail ?? report.workspace}`;
  if (report.missingSecrets.length > 0) {
    const faults = session.world.secretFaults.get(record.name) ?? new Map();
    return `secrets missing: ${namedSecrets(report.missingSecrets, faults)}`;
  }
  return null;
}
