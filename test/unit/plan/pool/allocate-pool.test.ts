/** Who gets a free slot: limits, guarantees and lending, breakers, and what a decision says. */
import { expect, test } from "vitest";
import { allocatePool } from "../../../../src/plan/pool/allocate-pool.ts";
import { rankedRound } from "../../../../src/plan/pool/ranked-round.ts";
import { STRATEGIES } from "../../../../src/plan/pool/strategies.ts";
import { NO_MEMORY } from "../../../../src/plan/pool/strategy.ts";
import type { Strategy } from "../../../../src/plan/pool/strategy.ts";
import {
  Machine,
  poolLimits,
  poolOf,
  projectLimits,
  waitingTask,
  waitingTasks,
} from "../../../support/pool-samples.ts";

const TURN = { strategy: STRATEGIES["weighted-round-robin"], memory: NO_MEMORY, now: 0 };

function given(pool: ReturnType<typeof poolOf>, limits: ReturnType<typeof poolLimits>): string[] {
  return allocatePool(pool, limits, TURN).decisions.map(({ task }) => task.id);
}

test("slots are given until none is left, and the pool is left as it was", () => {
  const pool = poolOf(waitingTasks(5));
  const limits = poolLimits(3, [projectLimits("web")]);
  expect(given(pool, limits)).toHaveLength(3);
  expect([pool.waiting, pool.running]).toEqual([5, 0]);
  expect(given(pool, limits)).toEqual(given(pool, limits));
});

test("a decision says who, by which rule, and from which numbers", () => {
  const pool = poolOf([waitingTask({ id: "a" })]);
  const limits = poolLimits(1, [projectLimits("web", { weight: 3, performance: 2 })]);
  expect(allocatePool(pool, limits, TURN).decisions).toEqual([
    {
      task: pool.find("a"),
      project: "web",
      agent: "coder",
      by: "weighted-round-robin",
      why: { weight: 3, performance: 2, share: 1, behind: 0 },
    },
  ]);
});

test("services count against limits.agents and take no slot", () => {
  const pool = poolOf(waitingTasks(5));
  expect(
    given(pool, poolLimits(4, [projectLimits("web", { agents: 3, services: 2 })])),
  ).toHaveLength(1);
});

test.each([
  ["its maximum", { max: 2 }, 2],
  ["its worker target", { max: 4, target: 3 }, 3],
  ["an open breaker", { starts: 0 }, 0],
  ["a half-open breaker", { starts: 1 }, 1],
])("an agent starts no more than %s allows", (_name, worker, starts) => {
  const pool = poolOf(waitingTasks(9));
  const limits = poolLimits(8, [projectLimits("web", {}, { coder: worker })]);
  expect(given(pool, limits)).toHaveLength(starts);
});

test("a project that waits for capacity or has an open breaker gets nothing, and others get the slots", () => {
  const projects = ["api", "job", "web"].flatMap((project) => waitingTasks(3, { project }));
  const limits = poolLimits(4, [
    projectLimits("api", { waiting: "capacity: needs 1GiB" }),
    projectLimits("job", { starts: 1 }),
    projectLimits("web"),
  ]);
  const { decisions } = allocatePool(poolOf(projects), limits, TURN);
  expect(decisions.map(({ project }) => project).toSorted()).toEqual(["job", "web", "web", "web"]);
});

test("tasks of an agent or project that is not declared wait", () => {
  const pool = poolOf([waitingTask({ agent: "ghost" }), waitingTask({ project: "ghost" })]);
  expect(given(pool, poolLimits(4, [projectLimits("web")]))).toEqual([]);
});

test("an agent below its min goes before everybody, whoever lacks most first", () => {
  const tasks = [
    ...waitingTasks(9, { project: "heavy", priority: 1000 }),
    ...waitingTasks(3, { project: "b" }),
    ...waitingTasks(3, { project: "c" }),
  ];
  const limits = poolLimits(4, [
    projectLimits("heavy", { weight: 1000 }),
    projectLimits("b", {}, { coder: { min: 1 } }),
    projectLimits("c", {}, { coder: { min: 2 } }),
  ]);
  const { decisions } = allocatePool(poolOf(tasks), limits, TURN);
  expect(decisions.map(({ project, by }) => `${project} ${by}`)).toEqual([
    "b guarantee",
    "c guarantee",
    "c guarantee",
    "heavy weighted-round-robin",
  ]);
});

test("of unused guarantees one slot is lent, and the next slot that ends goes to whoever claims it", () => {
  const limits = poolLimits(4, [
    projectLimits("web"),
    projectLimits("idle", {}, { coder: { min: 2 } }),
  ]);
  const machine = new Machine(poolOf(waitingTasks(9)), TURN.strategy);
  const lent = machine.give(limits);
  expect(lent).toHaveLength(3);
  for (const task of waitingTasks(2, { project: "idle" })) machine.pool.insert(task);
  expect(machine.give(limits).map(({ by }) => by)).toEqual(["guarantee"]);
  machine.pool.finish(lent[0]?.task.id ?? "");
  expect(machine.give(limits).map(({ project, by }) => `${project} ${by}`)).toEqual([
    "idle guarantee",
  ]);
});

test("a guarantee that cannot be used now holds nothing back", () => {
  const unusable = [
    projectLimits("p", { waiting: "paused" }, { coder: { min: 2 } }),
    projectLimits("q", { starts: 0 }, { coder: { min: 2 } }),
    projectLimits("r", {}, { coder: { min: 2, starts: 0 } }),
    projectLimits("s", { agents: 1, services: 1 }, { coder: { min: 2 } }),
  ];
  const limits = poolLimits(4, [projectLimits("web"), ...unusable]);
  expect(given(poolOf(waitingTasks(9)), limits)).toHaveLength(4);
});

test("guarantees beyond the pool leave one slot to everybody", () => {
  const tasks = [...waitingTasks(9, { project: "greedy" }), ...waitingTasks(9)];
  const greedy = projectLimits("greedy", {}, { coder: { min: 9 } });
  const limits = poolLimits(4, [projectLimits("web", { weight: 9 }), greedy]);
  const { decisions } = allocatePool(poolOf(tasks), limits, TURN);
  expect(decisions.map(({ by }) => by)).toEqual([
    "guarantee",
    "guarantee",
    "guarantee",
    "weighted-round-robin",
  ]);
  expect(decisions[3]?.project).toBe("web");
});

test("within a project the agent whose head has aged most is next", () => {
  const pool = poolOf([
    waitingTask({ id: "young", agent: "a", readyAt: 500 }),
    waitingTask({ id: "old", agent: "b", readyAt: 100 }),
    waitingTask({ id: "urgent", agent: "c", readyAt: 900, priority: 900 }),
  ]);
  const limits = poolLimits(3, [projectLimits("web", {}, { a: {}, b: {}, c: {} })]);
  expect(given(pool, limits)).toEqual(["urgent", "old", "young"]);
});

test("a fourth strategy is one object: here, who has least running", () => {
  const leastRunning: Strategy = {
    name: "least-running",
    bound: "none",
    open: (sights) =>
      rankedRound(sights, {
        rank: ({ running }) => running,
        why: ({ running }) => ({ running }),
        memory: () => new Map(),
      }),
  };
  const tasks = ["api", "job", "web"].flatMap((project) => waitingTasks(4, { project }));
  const limits = poolLimits(
    6,
    ["api", "job", "web"].map((project) => projectLimits(project)),
  );
  const { decisions } = allocatePool(poolOf(tasks), limits, { ...TURN, strategy: leastRunning });
  const order = decisions.map(({ project }) => project);
  expect(order.slice(0, 3).toSorted()).toEqual(["api", "job", "web"]);
  expect(order.slice(3).toSorted()).toEqual(["api", "job", "web"]);
});
