/** What strategies promise: shares, fairness, bounded waits, and that quotas and order of maps never matter to them. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { summitAt } from "../../../../src/plan/pool/aging.ts";
import { allocatePool } from "../../../../src/plan/pool/allocate-pool.ts";
import type { SlotDecision } from "../../../../src/plan/pool/allocate-pool.ts";
import type { PoolLimits } from "../../../../src/plan/pool/limits.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";
import { STRATEGIES } from "../../../../src/plan/pool/strategies.ts";
import { NO_MEMORY } from "../../../../src/plan/pool/strategy.ts";
import { longestGap, saturated, worstWindow } from "../../../support/fairness-window.ts";
import {
  Machine,
  poolLimits,
  poolOf,
  projectLimits,
  waitingTask,
  waitingTasks,
} from "../../../support/pool-samples.ts";

const ALL = Object.values(STRATEGIES);
const WRR = STRATEGIES["weighted-round-robin"];
const EVERY = [["weighted-round-robin"], ["priority"], ["dominant-share"]] as const;

describe("weighted round robin on saturated queues", () => {
  test("gives every project its weighted share within one slot after every decision, in passes of any size", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 7 }), (shares, perPass) => {
        const sum = shares.reduce((total, weight) => total + weight, 0);
        const counts = shares.map(() => 0);
        for (const [made, winner] of saturated(shares, 60, perPass).entries()) {
          counts[winner] = (counts[winner] ?? 0) + 1;
          for (const [at, weight] of shares.entries())
            expect(Math.abs((counts[at] ?? 0) - ((made + 1) * weight) / sum)).toBeLessThan(
              1 + 1e-6,
            );
        }
      }),
      { numRuns: 20 },
    );
  });

  test("gives 1:2:4 within one slot over any window at all", () => {
    const weights = [1, 2, 4];
    const winners = saturated(weights, 150);
    let worst = 0;
    for (const [at, weight] of weights.entries()) {
      const sums = [0];
      for (const winner of winners) sums.push((sums.at(-1) ?? 0) + (winner === at ? 1 : 0));
      for (let length = 1; length <= 100; length += 1)
        for (let from = 0; from + length <= winners.length; from += 1) {
          const count = (sums[from + length] ?? 0) - (sums[from] ?? 0);
          worst = Math.max(worst, Math.abs(count - (length * weight) / 7));
        }
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  test("serves each project again before 2 × all weights / its weight slots are given", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, (shares) => {
        const sum = shares.reduce((total, weight) => total + weight, 0);
        const winners = saturated(shares, 100);
        for (const [at, weight] of shares.entries()) {
          expect(longestGap(winners, at)).toBeLessThan((2 * sum) / weight + 1e-6);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("does not save up turns of a project that had no work", () => {
    const limits = poolLimits(1, [projectLimits("p"), projectLimits("q")]);
    const machine = new Machine(poolOf(waitingTasks(50, { project: "p" })), WRR);
    const next = (): string => {
      const [first] = machine.give(limits);
      machine.pool.finish(first?.task.id ?? "");
      return first?.project ?? "nobody";
    };
    for (let turn = 0; turn < 20; turn += 1) expect(next()).toBe("p");
    for (const task of waitingTasks(20, { project: "q" })) machine.pool.insert(task);
    const shares = Array.from({ length: 10 }, next).filter((project) => project === "q");
    expect(shares).toHaveLength(5);
  });
});

describe("fairness of 1:2:4 with unequal durations, worst window of 100 decisions", () => {
  test.each([1, 3, 14, 16])(
    "weighted round robin on %i slots: starts at 0.98 or better",
    (slots) => {
      expect(worstWindow(WRR, slots).starts).toBeGreaterThanOrEqual(0.98);
    },
  );
  test.each([14, 16])("dominant share on %i slots: slot time at 0.98 or better", (slots) => {
    const { time } = worstWindow(STRATEGIES["dominant-share"], slots);
    expect(time).toBeGreaterThanOrEqual(0.98);
  });
  // In 100 decisions on one slot the light project starts two or three of its long tasks: shares of time show over more.
  test.each([1, 2, 3])("dominant share on %i slots: the same over 350 decisions", (slots) => {
    const { time } = worstWindow(STRATEGIES["dominant-share"], slots, 350);
    expect(time).toBeGreaterThanOrEqual(0.98);
  });
});

const PROJECTS = ["a", "b", "c"];
const QUOTA = poolLimits(5, [
  projectLimits("a", { agents: 3, services: 1 }, { x: { max: 2 }, y: { max: 1, min: 1 } }),
  projectLimits("b", { weight: 4 }, { x: { max: 2, min: 1 }, y: { max: 3 } }),
  projectLimits(
    "c",
    { weight: 2, starts: 1 },
    { x: { max: 4, starts: 2 }, y: { max: 2, target: 1 } },
  ),
]);

test.each(EVERY)("%s: no interleaving of arrivals, ends and cancels exceeds a quota", (name) => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("arrive"),
      project: fc.constantFrom(...PROJECTS),
      agent: fc.constantFrom("x", "y"),
      priority: fc.nat(1000),
    }),
    fc.record({ kind: fc.constantFrom("end", "cancel"), pick: fc.nat(30) }),
    fc.record({ kind: fc.constant("pass"), later: fc.nat(10_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const machine = new Machine(new PoolState(), STRATEGIES[name]);
      const waiting: string[] = [];
      for (const action of steps) {
        const decisions: SlotDecision[] = [];
        if ("project" in action) {
          const { project, agent, priority } = action;
          const task = waitingTask({ project, agent, priority, readyAt: machine.now });
          machine.pool.insert(task);
          waiting.push(task.id);
        } else if ("pick" in action) {
          const running = [...machine.pool.slots()].map(({ task }) => task);
          if (action.kind === "end")
            machine.pool.finish(running[action.pick % running.length] ?? "");
          else machine.pool.remove(waiting[action.pick % waiting.length] ?? "");
        } else {
          machine.now += action.later;
          decisions.push(...machine.give(QUOTA));
        }
        expect(new Set(decisions.map(({ task }) => task.id)).size).toBe(decisions.length);
        expect(decisions.filter(({ project }) => project === "c").length).toBeLessThanOrEqual(1);
        expectWithin(machine.pool, QUOTA);
      }
    }),
    { numRuns: 60 },
  );
});

function expectWithin(pool: PoolState, limits: PoolLimits): void {
  expect(pool.running).toBeLessThanOrEqual(limits.slots);
  for (const project of limits.projects.values()) {
    const lines = pool.lines(project.project);
    expect((lines?.running ?? 0) + project.services).toBeLessThanOrEqual(project.agents);
    for (const [agent, { max, target }] of project.workers)
      expect(lines?.agents.get(agent)?.running ?? 0).toBeLessThanOrEqual(Math.min(max, target));
  }
}

test.each(EVERY)("%s: the order of insertion and of maps has no influence", (name) => {
  const task = fc.record({
    project: fc.constantFrom(...PROJECTS),
    agent: fc.constantFrom("x", "y"),
    priority: fc.nat(3),
    readyAt: fc.nat(3),
  });
  const arbitrary = fc
    .array(task, { minLength: 1, maxLength: 25 })
    .map((tasks) => tasks.map((over, at) => waitingTask({ ...over, id: `t${at}` })))
    .chain((tasks) =>
      fc.tuple(fc.constant(tasks), fc.shuffledSubarray(tasks, { minLength: tasks.length })),
    );
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 6 }), ([tasks, shuffled], slots) => {
      const limits = { ...QUOTA, slots };
      const reversed = { slots, projects: new Map([...QUOTA.projects].toReversed()) };
      const turn = { strategy: STRATEGIES[name], memory: NO_MEMORY, now: 10 };
      const one = allocatePool(poolOf(tasks), limits, turn);
      const other = allocatePool(poolOf(shuffled), reversed, turn);
      expect(other.decisions).toEqual(one.decisions);
      expect(new Map(other.memory.numbers)).toEqual(new Map(one.memory.numbers));
    }),
    { numRuns: 80 },
  );
});

test("priority: past its summit nothing newer passes a task, so its wait is bounded as stated", () => {
  const slots = 2;
  const longestMs = 60_000;
  const meek = waitingTask({ id: "meek", project: "meek", priority: 100, readyAt: 0 });
  const limits = poolLimits(slots, [
    projectLimits("meek"),
    projectLimits("loud", { weight: 1000 }),
  ]);
  const machine = new Machine(
    poolOf([meek, ...waitingTasks(5, { project: "loud" })]),
    STRATEGIES.priority,
  );
  let startedAt: number | null = null;
  for (; startedAt === null && machine.now < 10_000_000; machine.now += longestMs / 2) {
    const [oldest] = [...machine.pool.slots()].toSorted((a, b) => a.startedAt - b.startedAt);
    if (oldest !== undefined) machine.pool.finish(oldest.task);
    const urgent = { project: "loud", priority: 1000, readyAt: machine.now };
    for (const task of waitingTasks(3, urgent)) machine.pool.insert(task);
    if (machine.give(limits).some(({ project }) => project === "meek")) startedAt = machine.now;
  }
  const before = [...machine.pool.slots()].length + 5;
  const aged = summitAt(meek);
  expect(startedAt).toBeGreaterThan(0);
  expect(startedAt ?? Infinity).toBeLessThanOrEqual(
    aged + Math.ceil((before + 1 + (3 * aged) / longestMs) / slots) * longestMs,
  );
});

test("priority: at every decision no task that may start has aged more than the one that does", () => {
  const tasks = fc.array(fc.record({ priority: fc.nat(1000), readyAt: fc.nat(3_000_000) }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(tasks, (made) => {
      const all = made.map((over, at) => waitingTask({ ...over, project: `p${at}` }));
      const limits = poolLimits(
        all.length,
        all.map(({ project }) => projectLimits(project)),
      );
      const machine = new Machine(poolOf(all), STRATEGIES.priority);
      machine.now = 3_000_000;
      const summits = machine.give(limits).map(({ task }) => summitAt(task));
      expect(summits).toEqual(summits.toSorted((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});

test.each(EVERY)("%s: nobody starves, however loud and numerous the others are", (name) => {
  const others = Array.from({ length: 5 }, (_, at) => `loud${at}`);
  const limits = poolLimits(3, [
    projectLimits("meek", { meanMs: 1_000 }),
    ...others.map((project) => projectLimits(project, { weight: 20, meanMs: 1_000 })),
  ]);
  const machine = new Machine(
    poolOf([waitingTask({ project: "meek", priority: 0 })]),
    STRATEGIES[name],
  );
  for (let pass = 0; pass < 1_000; pass += 1, machine.now += 5_000) {
    for (const { task } of machine.pool.slots()) machine.pool.finish(task);
    for (const project of others)
      machine.pool.insert(waitingTask({ project, priority: 1000, readyAt: machine.now }));
    if (machine.give(limits).some(({ project }) => project === "meek")) return;
  }
  expect.unreachable("the meek task never started");
});

test("dominant share: whoever borrowed the whole machine gives it back slot by slot, and owes nothing", () => {
  const limits = poolLimits(4, [
    projectLimits("a", { meanMs: 1_000 }),
    projectLimits("b", { meanMs: 1_000 }),
  ]);
  const machine = new Machine(
    poolOf(waitingTasks(200, { project: "a" })),
    STRATEGIES["dominant-share"],
  );
  const step = (): string[] => {
    const winners = machine.give(limits).map(({ project }) => project);
    machine.now += 250;
    const [oldest] = [...machine.pool.slots()].toSorted((x, y) => x.startedAt - y.startedAt);
    machine.pool.finish(oldest?.task ?? "");
    return winners;
  };
  for (let alone = 0; alone < 40; alone += 1) step();
  for (const task of waitingTasks(100, { project: "b" })) machine.pool.insert(task);
  expect([...step(), ...step()]).toEqual(["b", "b"]);
  const after = Array.from({ length: 40 }, step).flat();
  expect(after.filter((project) => project === "a").length).toBeGreaterThanOrEqual(17);
  expect(after.filter((project) => project === "a").length).toBeLessThanOrEqual(23);
});

test("dominant share: a project that takes half the memory gets slots as if it had taken half the slots", () => {
  const limits = poolLimits(10, [
    projectLimits("lean", { meanMs: 1_000 }),
    projectLimits("fat", { meanMs: 1_000, memoryShare: 0.5 }),
  ]);
  const tasks = ["lean", "fat"].flatMap((project) => waitingTasks(20, { project }));
  const { decisions } = allocatePool(poolOf(tasks), limits, {
    strategy: STRATEGIES["dominant-share"],
    memory: NO_MEMORY,
    now: 0,
  });
  const order = decisions.slice(0, 6).map(({ project }) => project);
  expect(order.filter((project) => project === "fat")).toHaveLength(1);
});

test("switching the strategy keeps everything that waits and runs, and starts without the other's memory", () => {
  const tasks = PROJECTS.flatMap((project) => waitingTasks(10, { project, agent: "x" }));
  const machine = new Machine(poolOf(tasks), WRR);
  for (const strategy of [...ALL, ...ALL]) {
    const before = [machine.pool.waiting, machine.pool.running];
    machine.strategy = strategy;
    const decisions = machine.give(QUOTA);
    expect(machine.memory.strategy).toBe(strategy.name);
    expect([
      machine.pool.waiting + decisions.length,
      machine.pool.running - decisions.length,
    ]).toEqual(before);
    for (const { task } of decisions) machine.pool.finish(task.id);
  }
  expect(machine.pool.waiting).toBeLessThan(30);
});
