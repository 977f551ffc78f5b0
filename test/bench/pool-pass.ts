/** How long one allocation pass takes, and how it grows with the number of waiting tasks. Prints one JSON line a case. */
import { allocatePool } from "../../src/plan/pool/allocate-pool.ts";
import type { PoolLimits, ProjectLimits } from "../../src/plan/pool/limits.ts";
import { PoolState } from "../../src/plan/pool/pool.ts";
import { STRATEGIES } from "../../src/plan/pool/strategies.ts";
import type { Strategy, StrategyMemory } from "../../src/plan/pool/strategy.ts";
import { NO_MEMORY } from "../../src/plan/pool/strategy.ts";

const USAGE = `usage: scripts/bench/allocation.ts [--help]
One pass of the allocator over 1,000 projects with two agents each that gives 500 free slots, per strategy, with 10,000 and
100,000 tasks waiting: p50 and p95 of 100 passes in ms of CPU time of the
one thread (so that other load on the machine does not count), and how often the longer queue takes longer. Goal: p50 <= 10 ms at
100,000, ratio no more than that of the logarithms.`;

const PROJECTS = 1_000;
const SLOTS = 500;
const PASSES = 100;
const WARM_UP = 40;
const GOAL_MS = 10;

function main(): void {
  if (process.argv.includes("--help")) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  let met = true;
  for (const strategy of Object.values(STRATEGIES)) {
    const [few, many] = passesOver([10_000, 100_000], strategy);
    if (few === undefined || many === undefined) continue;
    const ratio = many.p50Ms / few.p50Ms;
    met &&= many.p50Ms <= GOAL_MS;
    const figures = { few: rounded(few), many: rounded(many), ratio: round(ratio) };
    process.stdout.write(`${JSON.stringify({ strategy: strategy.name, ...figures })}\n`);
  }
  const logarithms = Math.log(100_000) / Math.log(10_000);
  const summary = { goalMs: GOAL_MS, met, ratioOfLogarithms: round(logarithms) };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

interface Figures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly insertUs: number;
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
  readonly #insertUs: number;
  readonly #times: number[] = [];
  #memory: StrategyMemory = NO_MEMORY;
  #made = 0;

  constructor(size: number, strategy: Strategy) {
    this.#strategy = strategy;
    const begun = process.threadCpuUsage();
    for (let n = 0; n < size; n += 1) this.#arrive(0);
    this.#insertUs = (msSince(begun) * 1000) / size;
  }

  pass(now: number): void {
    const turn = { strategy: this.#strategy, memory: this.#memory, now };
    const begun = process.threadCpuUsage();
    const { decisions, memory } = allocatePool(this.#pool, this.#limits, turn);
    this.#times.push(msSince(begun));
    this.#memory = memory;
    if (decisions.length < SLOTS - 10) throw new Error("slots stayed free");
    for (const { task } of decisions) this.#pool.start(task.id, now);
    for (const { task } of decisions) this.#pool.finish(task.id);
    for (let n = 0; n < decisions.length; n += 1) this.#arrive(now);
  }

  figures(): Figures {
    const sorted = this.#times.slice(WARM_UP).toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
    return { p50Ms: at(0.5), p95Ms: at(0.95), insertUs: this.#insertUs };
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
    const worker = { min: n % 100 === 0 ? 1 : 0, max: 4, target: 4, starts: Infinity };
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
      workers: new Map([
        ["coder", worker],
        ["reviewer", { ...worker, min: 0 }],
      ]),
    });
  }
  return { slots: SLOTS, projects };
}

function rounded({ p50Ms, p95Ms, insertUs }: Figures): Figures {
  return { p50Ms: round(p50Ms), p95Ms: round(p95Ms), insertUs: round(insertUs) };
}

function round(value: number): number {
  return Number(value.toFixed(2));
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

main();
