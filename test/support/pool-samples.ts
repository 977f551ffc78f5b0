/** Pools, limits and sights for tests of the allocator: everything generous unless said otherwise. */
import type { WaitingTask } from "../../src/model/task.ts";
import { allocatePool } from "../../src/plan/pool/allocate-pool.ts";
import type { SlotDecision } from "../../src/plan/pool/allocate-pool.ts";
import type { AgentLimits, PoolLimits, ProjectLimits } from "../../src/plan/pool/limits.ts";
import { PoolState } from "../../src/plan/pool/pool.ts";
import { NO_MEMORY } from "../../src/plan/pool/strategy.ts";
import type { Strategy, StrategyMemory } from "../../src/plan/pool/strategy.ts";

let made = 0;

export function waitingTask(over: Partial<WaitingTask> = {}): WaitingTask {
  made += 1;
  const id = `t${String(made).padStart(6, "0")}`;
  const base = { id, project: "web", agent: "coder", priority: 500, complexity: 5 };
  return { ...base, deadlineAt: null, readyAt: 0, ...over };
}

export function waitingTasks(count: number, over: Partial<WaitingTask> = {}): WaitingTask[] {
  return Array.from({ length: count }, () => waitingTask(over));
}

export function poolOf(tasks: Iterable<WaitingTask>): PoolState {
  const pool = new PoolState();
  for (const task of tasks) pool.insert(task);
  return pool;
}

function agentLimits(over: Partial<AgentLimits> = {}): AgentLimits {
  return {
    stopped: false,
    min: 0,
    max: Infinity,
    target: Infinity,
    starts: Infinity,
    probe: null,
    ...over,
  };
}

export function projectLimits(
  project: string,
  over: Partial<Omit<ProjectLimits, "workers">> = {},
  workers: Readonly<Record<string, Partial<AgentLimits>>> = { coder: {} },
): ProjectLimits {
  return {
    project,
    weight: 1,
    performance: 1,
    cpuShare: 0,
    memoryShare: 0,
    meanMs: null,
    agents: Infinity,
    services: 0,
    waiting: null,
    starts: Infinity,
    probe: null,
    ...over,
    workers: new Map(Object.entries(workers).map(([name, worker]) => [name, agentLimits(worker)])),
  };
}

export function poolLimits(slots: number, projects: readonly ProjectLimits[]): PoolLimits {
  return { slots, projects: new Map(projects.map((limits) => [limits.project, limits])) };
}

/** A pool that is allocated again and again, as the daemon does it. */
export class Machine {
  readonly pool: PoolState;
  strategy: Strategy;
  memory: StrategyMemory = NO_MEMORY;
  now = 0;

  constructor(pool: PoolState, strategy: Strategy) {
    this.pool = pool;
    this.strategy = strategy;
  }

  /** One pass; what it gives is started. */
  give(limits: PoolLimits): readonly SlotDecision[] {
    const { strategy, memory, now } = this;
    const allocation = allocatePool(this.pool, limits, { strategy, memory, now });
    this.memory = allocation.memory;
    for (const { task } of allocation.decisions) this.pool.start(task.id, now);
    return allocation.decisions;
  }
}
