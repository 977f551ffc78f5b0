/** How long one allocation pass takes, and how it grows with the number of waiting tasks. */
import { allocatePool } from "../../src/plan/pool/allocate-pool.ts";
import type { PoolLimits, ProjectLimits } from "../../src/plan/pool/limits.ts";
import { PoolState } from "../../src/plan/pool/pool.ts";
import { STRATEGIES } from "../../src/plan/pool/strategies.ts";
import type { Strategy, StrategyMemory } from "../../src/plan/pool/strategy.ts";
import { NO_MEMORY } from "../../src/plan/pool/strategy.ts";
import { median, percentile } from "./numbers.ts";
import type { Row } from "./report.ts";

const PROJECTS = 1_000;
const SLOTS = 500;
const PASSES = 200;
const WARM_UP = 40;
const GOAL_MS = 10;
const SIZES = [10_000, 100_000] as const;
/** Two agents a project, each with a heap of its own. */
const QUEUES = 2 * PROJECTS;

/** A row a strategy: CPU time of the one thread, so that other load on the machine does not count. */
export function passRows(): readonly Row[] {
  const [shallow, deep] = SIZES.map((size) => Math.log(size / QUEUES));
  const logarithms = (deep ?? Number.NaN) / (shallow ?? Number.NaN);
  return Object.values(STRATEGIES).map((strategy) => {
    const [few, many] = passesOver(SIZES, strategy);
    const ours = many?.p50Ms ?? Number.NaN;
    const growth = (many?.quickMs ?? Number.NaN) / (few?.quickMs ?? Number.NaN);
    return {
      bench: "pool-pass",
      what: `${strategy.name}: one pass over ${PROJECTS} projects, ${SIZES[1]} waiting, that gives ${SLOTS} slots, p50 of CPU time`,
      unit: "ms",
      ours,
      samples: many?.times ?? [],
      against: [
        { name: `${SIZES[0]} waiting`, value: few?.p50Ms ?? Number.NaN, samples: few?.times ?? [] },
      ],
      goal: `≤ ${GOAL_MS} ms, growth ≤ ${logarithms.toFixed(2)} (is ${growth.toFixed(2)})`,
      met: ours <= GOAL_MS && growth <= logarithms,
      note: "growth: of the quickest few passes, which caches cold from neighbours spoil least; bound: that of the logarithms of a queue's length",
    };
  });
}

interface Figures {
  readonly p50Ms: number;
  /** What the quickest few passes took at most. */
  readonly quickMs: number;
  readonly times: readonly number[];
}

/** Passes over pools of these sizes, in turns, so that what disturbs one disturbs the other. */
function passesOver(sizes: readonly number[], strategy: Strategy): readonly Figures[] {
  const pools = sizes.map((size) => new BusyPool(size, strategy));
  for (let pass = 0; pass < PASSES + WARM_UP; pass += 1)
    for (const pool of pools) pool.pass(pass * 1_000);
  return pools.map((pool) => pool.figures());
}

/** Each pass gives all slots; they are then taken and ended, and the same number of new tasks arrives. */
class BusyPool {
  readonly #pool = new PoolState();
  readonly #strategy: Strategy;
  readonly #limits = limitsOf();
  readonly #random = generator(7);
  /** CPU time, in steps of a millisecond on some kernels, and wall time, exact but disturbed. */
  readonly #times: number[] = [];
  readonly #walls: number[] = [];
  #memory: StrategyMemory = NO_MEMORY;
  #made = 0;

  constructor(size: number, strategy: Strategy) {
    this.#strategy = strategy;
    for (let n = 0; n < size; n += 1) this.#arrive(0);
  }

  pass(now: number): void {
    const turn = { strategy: this.#strategy, memory: this.#memory, now };
    const [begun, from] = [process.threadCpuUsage(), performance.now()];
    const { decisions, memory } = allocatePool(this.#pool, this.#limits, turn);
    this.#walls.push(performance.now() - from);
    this.#times.push(msSince(begun));
    this.#memory = memory;
    if (decisions.length < SLOTS - 10) throw new Error("slots stayed free");
    for (const { task } of decisions) this.#pool.start(task.id, now);
    for (const { task } of decisions) this.#pool.finish(task.id);
    for (let n = 0; n < decisions.length; n += 1) this.#arrive(now);
  }

  figures(): Figures {
    const times = this.#times.slice(WARM_UP);
    return { p50Ms: median(times), quickMs: percentile(this.#walls.slice(WARM_UP), 3), times };
  }

  #arrive(now: number): void {
    this.#made += 1;
    const id = `t${this.#made}`;
    const project = `p${Math.floor(this.#random() * PROJECTS)}`;
    const agent = this.#random() < 0.5 ? "coder" : "reviewer";
    const priority = Math.floor(this.#random() * 1000);
    const deadlineAt = this.#random() < 0.2 ? now + 3_600_000 : null;
    const readyAt = now - this.#made;
    this.#pool.insert({ id, project, agent, priority, complexity: 5, deadlineAt, readyAt });
  }
}

function msSince(begun: NodeJS.CpuUsage): number {
  const used = process.threadCpuUsage(begun);
  return (used.user + used.system) / 1000;
}

function limitsOf(): PoolLimits {
  const projects = new Map<string, ProjectLimits>();
  for (let n = 0; n < PROJECTS; n += 1) {
    const worker = {
      stopped: false,
      min: n % 100 === 0 ? 1 : 0,
      max: 4,
      target: 4,
      starts: Infinity,
      probe: null,
    };
    projects.set(`p${n}`, {
      project: `p${n}`,
      weight: 1 + (n % 5),
      performance: 1,
      cpuShare: 0.01,
      memoryShare: 0.01,
      meanMs: 1_000,
      agents: 8,
      services: 1,
      waiting: null,
      starts: Infinity,
      probe: null,
      workers: new Map([
        ["coder", worker],
        ["reviewer", { ...worker, min: 0 }],
      ]),
    });
  }
  return { slots: SLOTS, projects };
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
