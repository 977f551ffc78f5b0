/** The binding constraint: the one thing that keeps a task from starting now, with its numbers. */
import type { PoolLimits } from "./limits.ts";
import type { ConstraintKind } from "./limits.ts";
import { agentBlock, projectBlock } from "./limits.ts";
import type { PoolState } from "./pool.ts";
import { keptSlots } from "./seats.ts";

export interface Constraint {
  readonly kind: ConstraintKind;
  /** For people: "pool full: 16 of 16 slots are taken". */
  readonly text: string;
}

/** A task that waits: in the pool, or not before `notBefore`. */
export interface ConstrainedTask {
  readonly project: string;
  readonly agent: string;
  readonly deadlineAt: number | null;
  readonly notBefore: number | null;
}

export interface ConstraintContext {
  readonly pool: PoolState;
  readonly limits: PoolLimits;
  readonly now: number;
}

/** What has to change first. `turn`: nothing but others before it in line, or it starts with the next allocation. */
export function constraintOn(task: ConstrainedTask, context: ConstraintContext): Constraint {
  const { pool, limits, now } = context;
  if (task.deadlineAt !== null && task.deadlineAt <= now)
    return { kind: "deadline", text: "deadline: it has passed, so it will not be started" };
  if (task.notBefore !== null && task.notBefore > now) {
    const seconds = Math.ceil((task.notBefore - now) / 1000);
    return { kind: "backoff until", text: `backoff until its next attempt in ${seconds}s` };
  }
  const blocked = projectConstraint(task, context) ?? agentConstraint(task, context);
  if (blocked !== null) return blocked;
  const free = limits.slots - pool.running;
  if (free <= 0)
    return {
      kind: "pool full",
      text: `pool full: ${pool.running} of ${limits.slots} slots are taken`,
    };
  const kept = keptSlots(pool, limits);
  if (free < kept)
    return {
      kind: "guarantees",
      text: `guarantees: the ${free} free slots are kept for agents with min`,
    };
  return { kind: "turn", text: "turn: others are before it" };
}

function projectConstraint(
  task: ConstrainedTask,
  { pool, limits }: ConstraintContext,
): Constraint | null {
  const project = limits.projects.get(task.project);
  const running = pool.lines(task.project)?.running ?? 0;
  const kind = projectBlock(project, running, 0);
  if (kind === null) return null;
  if (project === undefined) return { kind, text: `not declared: project ${task.project}` };
  const texts: Partial<Record<ConstraintKind, string>> = {
    capacity: project.waiting ?? "capacity",
    "breaker open": breakerText(`project ${task.project}`, project),
    "project limits.agents": `project limits.agents: ${running} tasks and ${project.services} services of ${project.agents}`,
  };
  return { kind, text: texts[kind] ?? kind };
}

function breakerText(of: string, { probe }: Readonly<{ probe: string | null }>): string {
  return probe === null
    ? `breaker open: ${of}`
    : `breaker half-open: ${of} waits for task ${probe}`;
}

function agentConstraint(
  task: ConstrainedTask,
  { pool, limits }: ConstraintContext,
): Constraint | null {
  const worker = limits.projects.get(task.project)?.workers.get(task.agent);
  const running = pool.line(task.project, task.agent)?.running ?? 0;
  const kind = agentBlock(worker, running, 0);
  if (kind === null) return null;
  const name = `${task.project}/${task.agent}`;
  if (worker === undefined) return { kind, text: `not declared: worker agent ${name}` };
  const texts: Partial<Record<ConstraintKind, string>> = {
    stopped: `stopped: agent ${name}`,
    "breaker open": breakerText(`agent ${name}`, worker),
    "agent max": `agent max: ${running} of ${worker.max} run`,
    "worker target": `worker target: ${running} of ${worker.target} workers that its backlog calls for`,
  };
  return { kind, text: texts[kind] ?? kind };
}
