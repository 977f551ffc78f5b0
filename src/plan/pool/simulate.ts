/** The simulator: a trace through the allocator the daemon runs, and what each project would have seen. */
import type { SlotDecision } from "./allocate-pool.ts";
import { FairnessMeter } from "./fairness.ts";
import type { Contender } from "./fairness.ts";
import { Heap } from "./heap.ts";
import type { ProjectLimits } from "./limits.ts";
import { NO_PERFORMANCE, observeEnd, performanceFactor } from "./performance.ts";
import type { PerformanceRecord } from "./performance.ts";
import { PoolRun } from "./pool-run.ts";
import { PoolState } from "./pool.ts";
import { seatsOf } from "./seats.ts";
import { Tally } from "./simulation-tally.ts";
import type { SimulationReport } from "./simulation-tally.ts";
import { NO_MEMORY } from "./strategy.ts";
import type { Strategy } from "./strategy.ts";
import type { Trace, TraceTask } from "./trace.ts";

export interface Simulation {
  readonly strategy: Strategy;
  /** `host.agents`. */
  readonly slots: number;
  /** True: weights are multiplied by performance measured on the way, as the daemon does. */
  readonly measured: boolean;
}

/** Runs the whole trace. The same trace and settings give the same report. */
export function simulate(trace: Trace, simulation: Simulation): SimulationReport {
  return new Simulator(trace, simulation).run();
}

class Simulator {
  readonly #trace: Trace;
  readonly #simulation: Simulation;
  readonly #run: PoolRun;
  readonly #limits: Map<string, ProjectLimits>;
  readonly #tasks: ReadonlyMap<string, TraceTask>;
  readonly #records = new Map<string, PerformanceRecord>();
  readonly #meter = new FairnessMeter();
  readonly #tally: Tally;
  readonly #deadlines = new Heap<TraceTask>({
    before: (a, b) => (a.deadlineAt ?? 0) < (b.deadlineAt ?? 0),
    moved: () => {},
  });
  #next = 0;

  constructor(trace: Trace, simulation: Simulation) {
    this.#trace = trace;
    this.#simulation = simulation;
    const { strategy } = simulation;
    this.#run = new PoolRun({ pool: new PoolState(), strategy, memory: NO_MEMORY });
    this.#tasks = new Map(trace.tasks.map((task) => [task.id, task]));
    this.#limits = new Map([...trace.projects.keys()].map((name) => [name, this.#limitsOf(name)]));
    this.#tally = new Tally(trace);
  }

  run(): SimulationReport {
    const { slots, strategy } = this.#simulation;
    let now = 0;
    for (let next = this.#nextAt(); next !== null; next = this.#nextAt()) {
      this.#meter.passed(next - now, slots);
      now = next;
      this.#settle(now);
      this.#expire(now);
      this.#arrive(now);
      this.#give(now);
    }
    const fairness = { slotTime: this.#meter.ofSlotTime(), starts: this.#meter.ofStarts() };
    return this.#tally.report({ strategy: strategy.name, slots, untilMs: now, fairness });
  }

  #nextAt(): number | null {
    const times = [this.#run.nextEnd(), this.#trace.tasks[this.#next]?.at ?? null];
    if (this.#run.pool.waiting > 0) times.push(this.#deadlines.peek()?.deadlineAt ?? null);
    const known = times.filter((at) => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  #settle(now: number): void {
    for (const id of this.#run.finishUntil(now)) {
      const task = this.#tasks.get(id);
      if (task === undefined) continue;
      this.#tally.ended(task);
      const record = this.#records.get(task.project) ?? NO_PERFORMANCE;
      const end = { succeeded: !task.fails, durationMs: task.durationMs };
      this.#records.set(task.project, observeEnd(record, end));
      this.#limits.set(task.project, this.#limitsOf(task.project));
    }
  }

  #expire(now: number): void {
    for (;;) {
      const task = this.#deadlines.peek();
      if (task === undefined || (task.deadlineAt ?? 0) > now) return;
      this.#deadlines.pop();
      if (this.#run.pool.remove(task.id) !== null) this.#tally.expired(task);
    }
  }

  #arrive(now: number): void {
    for (;;) {
      const task = this.#trace.tasks[this.#next];
      if (task === undefined || task.at > now) return;
      this.#next += 1;
      this.#run.pool.insert({ ...task, readyAt: task.at });
      if (task.deadlineAt !== null) this.#deadlines.push(task);
    }
  }

  #give(now: number): void {
    const limits = { slots: this.#simulation.slots, projects: this.#limits };
    const durationOf = ({ task }: SlotDecision): number =>
      this.#tasks.get(task.id)?.durationMs ?? 0;
    this.#meter.contend(this.#contenders(now));
    for (const { task, project } of this.#run.give(limits, now, durationOf)) {
      const traced = this.#tasks.get(task.id);
      if (traced !== undefined) this.#tally.started(traced, now);
      this.#meter.started(project);
    }
    this.#meter.contend(this.#contenders(now));
  }

  /** Those with work waiting that only a slot is missing for. */
  #contenders(now: number): readonly Contender[] {
    const limits = { slots: this.#simulation.slots, projects: this.#limits };
    return [...seatsOf(this.#run.pool, limits, now).values()].filter(({ contends }) => contends);
  }

  #limitsOf(project: string): ProjectLimits {
    const traced = this.#trace.projects.get(project);
    const record = this.#records.get(project);
    const workers = [...(traced?.workers ?? [])].map(
      ([agent, { min, max }]) =>
        [agent, { stopped: false, min, max, target: max, starts: Infinity, probe: null }] as const,
    );
    return {
      project,
      weight: traced?.weight ?? 1,
      performance:
        record === undefined || !this.#simulation.measured ? 1 : performanceFactor(record),
      cpuShare: traced?.cpuShare ?? 0,
      memoryShare: traced?.memoryShare ?? 0,
      meanMs: record?.longMs ?? null,
      agents: traced?.agents ?? Infinity,
      services: 0,
      waiting: null,
      starts: Infinity,
      probe: null,
      workers: new Map(workers),
    };
  }
}
