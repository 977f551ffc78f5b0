/** The pool's limits as of now: what is declared, what runs, what is measured, what breakers and scaling allow. */
import type { ProjectLimits, PoolLimits } from "../../plan/pool/limits.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import type { Session } from "../session.ts";

export function poolLimits(session: Session): PoolLimits {
  const projects = new Map<string, ProjectLimits>();
  for (const record of session.world.records.values()) {
    if (hasWorkers(record)) projects.set(record.name, projectLimits(record, session));
  }
  return { slots: session.world.host.agents, projects };
}

export function hasWorkers({ spec }: ProjectRow): boolean {
  return Object.values(spec.agents).some(({ task }) => task !== null);
}

function projectLimits(record: ProjectRow, session: Session): ProjectLimits {
  const { spec } = record;
  const { facts } = session.world;
  const agents = Object.values(spec.agents);
  const services = agents
    .filter(({ name, task }) => task === null && !record.stoppedAgents.includes(name))
    .reduce((sum, { name, replicas }) => sum + (record.replicas[name] ?? replicas), 0);
  const workers = new Map(
    agents.flatMap(({ name, task }) =>
      task === null || record.stoppedAgents.includes(name)
        ? []
        : [[name, { min: task.min, max: task.max, target: task.max, starts: Infinity }] as const],
    ),
  );
  return {
    project: record.name,
    weight: spec.weight,
    performance: 1,
    cpuShare: spec.limits.cpus / facts.cpus,
    memoryShare: spec.limits.memoryBytes / facts.memoryBytes,
    meanMs: null,
    agents: spec.limits.agents,
    services,
    waiting: notReady(record, session),
    starts: Infinity,
    workers,
  };
}

/** Why the project can take no task now, for people; null: its runner is there and its workspace is ready. */
function notReady(record: ProjectRow, session: Session): string | null {
  if (record.wanted !== "active") return `project: ${record.phase}`;
  const waiting = session.world.waiting.get(record.name) ?? [];
  const report = session.doors.runners.report(record.name);
  if (!session.doors.runners.connected(record.name) || report === null)
    return waiting[0] ?? "project: its container is not running yet";
  if (report.workspace !== "ready") return `workspace: ${report.workspaceDetail ?? report.workspace}`;
  if (report.missingSecrets.length > 0) return `secrets missing: ${report.missingSecrets.join(", ")}`;
  return null;
}
