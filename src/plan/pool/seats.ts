/** Seats: the pool and its limits as one allocation sees them, counting what it gives. */
import type { WaitingTask } from "../../model/task.ts";
import type { AgentLimits, PoolLimits, ProjectLimits } from "./limits.ts";
import { agentBlock, projectBlock } from "./limits.ts";
import type { AgentLine, PoolState, ProjectLines } from "./pool.ts";
import type { Head } from "./queue.ts";
import type { ProjectSight } from "./strategy.ts";

/** Seats of all projects with tasks, sorted by name: sums of fractions must not depend on the order of maps. */
export function seatsOf(
  pool: PoolState,
  limits: PoolLimits,
  now: number,
): ReadonlyMap<string, ProjectSeat> {
  const seats = new Map<string, ProjectSeat>();
  for (const lines of pool.byName())
    seats.set(lines.project, new ProjectSeat(lines, limits.projects.get(lines.project), now));
  return seats;
}

/** Slots that guarantees hold back from others: unused ones that could be claimed at any time (see allocate-pool.ts). */
export function keptSlots(pool: PoolState, limits: PoolLimits): number {
  let unused = 0;
  let held = 0;
  for (const project of limits.projects.values()) {
    const lines = pool.lines(project.project);
    const running = lines?.running ?? 0;
    let lack = 0;
    for (const [agent, worker] of project.workers) {
      if (worker.min === 0) continue;
      const has = lines?.agents.get(agent)?.running ?? 0;
      held += Math.min(has, worker.min);
      const reachable = Math.min(worker.min, worker.max, worker.target) - has;
      lack += Math.max(0, Math.min(reachable, worker.starts));
    }
    if (lack === 0 || projectBlock(project, running, 0) !== null) continue;
    const room = project.agents - project.services - running;
    unused += Math.min(lack, room, project.starts);
  }
  return Math.max(0, Math.min(unused, limits.slots - 1 - held));
}

export class WorkerSeat {
  readonly project: string;
  readonly agent: string;
  readonly min: number;
  running: number;
  /** The task that would start next; null: nothing waits, or this agent may not start more. */
  head: Head | null = null;
  summitAt = Infinity;
  readonly #line: AgentLine;
  readonly #limits: AgentLimits | undefined;
  #started = 0;
  #inLine: Iterator<Head, undefined> | null = null;

  constructor(line: AgentLine, limits: AgentLimits | undefined, now: number) {
    this.project = line.project;
    this.agent = line.agent;
    this.min = limits?.min ?? 0;
    this.running = line.running;
    this.#line = line;
    this.#limits = limits;
    this.#look(now);
  }

  /** Its head is given a slot; the next in line is head, for this allocation. */
  take(now: number): WaitingTask | null {
    const { head } = this;
    if (head === null) return null;
    this.running += 1;
    this.#started += 1;
    this.#look(now);
    return head.task;
  }

  #look(now: number): void {
    const blocked = agentBlock(this.#limits, this.running, this.#started) !== null;
    this.head = blocked ? null : this.#nextInLine(now);
    this.summitAt = this.head?.summitAt ?? Infinity;
  }

  /** Most agents get nothing in most passes: for them the head is looked up, and no walk begun. */
  #nextInLine(now: number): Head | null {
    const { queue } = this.#line;
    if (this.#started === 0) return queue.head(now);
    if (this.#inLine === null) {
      this.#inLine = queue.inOrder(now);
      this.#inLine.next();
    }
    return this.#inLine.next().value ?? null;
  }
}

export class ProjectSeat implements ProjectSight {
  readonly project: string;
  readonly weight: number;
  readonly performance: number;
  readonly cpuShare: number;
  readonly memoryShare: number;
  readonly meanMs: number | null;
  readonly workers: readonly WorkerSeat[];
  running: number;
  /** The agent whose head would start; null: nothing of this project may start. */
  first: WorkerSeat | null = null;
  contends = false;
  headSummitAt = Infinity;
  headPriority = 0;
  /** The project itself may start more. */
  open = false;
  readonly #limits: ProjectLimits | undefined;
  #started = 0;

  constructor(lines: ProjectLines, limits: ProjectLimits | undefined, now: number) {
    this.project = lines.project;
    this.weight = limits?.weight ?? 1;
    this.performance = limits?.performance ?? 1;
    this.cpuShare = limits?.cpuShare ?? 0;
    this.memoryShare = limits?.memoryShare ?? 0;
    this.meanMs = limits?.meanMs ?? null;
    this.running = lines.running;
    this.#limits = limits;
    this.workers = [...lines.agents.values()].map(
      (line) => new WorkerSeat(line, limits?.workers.get(line.agent), now),
    );
    this.#look();
  }

  take(worker: WorkerSeat, now: number): WaitingTask | null {
    const task = worker.take(now);
    if (task === null) return null;
    this.running += 1;
    this.#started += 1;
    this.#look();
    return task;
  }

  #look(): void {
    this.open = projectBlock(this.#limits, this.running, this.#started) === null;
    this.first = null;
    if (this.open)
      for (const worker of this.workers)
        if (worker.head !== null && goesFirst(worker, this.first)) this.first = worker;
    this.contends = this.first !== null;
    this.headSummitAt = this.first?.summitAt ?? Infinity;
    this.headPriority = this.first?.head?.priority ?? 0;
  }
}

function goesFirst(worker: WorkerSeat, other: WorkerSeat | null): boolean {
  if (other === null || worker.summitAt < other.summitAt) return true;
  return worker.summitAt === other.summitAt && worker.agent < other.agent;
}
