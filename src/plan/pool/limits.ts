/** What bounds the pool: slots of the host, limits of projects and agents, and why somebody may not have a slot now. */

/** One worker agent (`on: task`). */
export interface AgentLimits {
  /** `berth stop PROJECT/AGENT`: its tasks wait until it is started again. */
  readonly stopped: boolean;
  /** Slots kept for it; see allocate-pool.ts. */
  readonly min: number;
  readonly max: number;
  /** Workers that adaptive scaling wants now, `min`..`max`. */
  readonly target: number;
  /** How many more its breaker lets start: Infinity when closed, 0 when open, 1 for a probe. */
  readonly starts: number;
  /** The task its half-open breaker waits for; null: none. */
  readonly probe: string | null;
}

export interface ProjectLimits {
  readonly project: string;
  /** 1..1000. */
  readonly weight: number;
  /** Measured, 0.5..2: see performance.ts. */
  readonly performance: number;
  /** Share of the host its container takes while it runs, 0..1 each. */
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** How long its tasks take on average; null: not known yet. */
  readonly meanMs: number | null;
  /** `limits.agents`: services and tasks together. */
  readonly agents: number;
  /** Agent processes that are services; they take no slot of the pool. */
  readonly services: number;
  /** Null: its container runs or may be woken. Else why not, for people: "capacity: needs 1GiB, …", "paused". */
  readonly waiting: string | null;
  /** Both as for the agent, of the project's breaker. */
  readonly starts: number;
  readonly probe: string | null;
  readonly workers: ReadonlyMap<string, AgentLimits>;
}

export interface PoolLimits {
  /** `host.agents`. */
  readonly slots: number;
  readonly projects: ReadonlyMap<string, ProjectLimits>;
}

/** What keeps a task from starting now. */
export type ConstraintKind =
  | "not declared"
  | "capacity"
  | "stopped"
  | "breaker open"
  | "agent max"
  | "worker target"
  | "project limits.agents"
  | "pool full"
  | "guarantees"
  | "turn"
  | "backoff until"
  | "deadline";

/** Why a project may start nothing more, whatever waits; null: it may. `started`: begun in this pass already. */
export function projectBlock(
  limits: ProjectLimits | undefined,
  running: number,
  started: number,
): ConstraintKind | null {
  if (limits === undefined) return "not declared";
  if (limits.waiting !== null) return "capacity";
  if (started >= limits.starts) return "breaker open";
  if (running + limits.services >= limits.agents) return "project limits.agents";
  return null;
}

/** Why an agent may start nothing more, its project apart; null: it may. */
export function agentBlock(
  limits: AgentLimits | undefined,
  running: number,
  started: number,
): ConstraintKind | null {
  if (limits === undefined) return "not declared";
  if (limits.stopped) return "stopped";
  if (started >= limits.starts) return "breaker open";
  if (running >= limits.max) return "agent max";
  if (running >= limits.target) return "worker target";
  return null;
}
