/** What a waiting task is told: the constraint that binds it, how many are before it, and when it will probably start. */
import { expect, test } from "vitest";
import { constraintOn } from "../../../../src/plan/pool/constraint.ts";
import { forecast } from "../../../../src/plan/pool/estimate.ts";
import type { DurationOf, ForecastSight } from "../../../../src/plan/pool/estimate.ts";
import type { PoolState } from "../../../../src/plan/pool/pool.ts";
import { STRATEGIES } from "../../../../src/plan/pool/strategies.ts";
import { NO_MEMORY } from "../../../../src/plan/pool/strategy.ts";
import {
  Machine,
  poolLimits,
  poolOf,
  projectLimits,
  waitingTask,
  waitingTasks,
} from "../../../support/pool-samples.ts";

const WRR = STRATEGIES["weighted-round-robin"];
const EVEN: DurationOf = () => ({ meanMs: 1_000, spreadMs: 0 });
const task = { project: "web", agent: "coder", deadlineAt: null, notBefore: null };

function forecastOf(sight: Omit<ForecastSight, "strategy" | "memory">) {
  return forecast({ ...sight, strategy: WRR, memory: NO_MEMORY });
}

function running(count: number): PoolState {
  const machine = new Machine(poolOf(waitingTasks(count)), WRR);
  machine.give(poolLimits(count, [projectLimits("web")]));
  return machine.pool;
}

const web = projectLimits("web");
const idle = projectLimits("idle", {}, { coder: { min: 3 } });
test.each([
  ["deadline", [web], [{ ...task, deadlineAt: 9 }, /has passed/]],
  ["backoff until", [web], [{ ...task, notBefore: 3_010 }, /in 3s/]],
  ["not declared", [web], [{ ...task, agent: "ghost" }, /web\/ghost/]],
  ["not declared", [web], [{ ...task, project: "ghost" }, /project ghost/]],
  ["capacity", [projectLimits("web", { waiting: "capacity: needs 1GiB" })], [task, /needs 1GiB/]],
  ["breaker open", [projectLimits("web", { starts: 0 })], [task, /project web/]],
  [
    "breaker open",
    [projectLimits("web", {}, { coder: { starts: 0 } })],
    [task, /^breaker open: agent web\/coder/],
  ],
  [
    "breaker open",
    [projectLimits("web", {}, { coder: { starts: 0, probe: "t1" } })],
    [task, /^breaker half-open: agent web\/coder waits for task t1$/],
  ],
  [
    "project limits.agents",
    [projectLimits("web", { agents: 4, services: 2 })],
    [task, /2 tasks and 2 services of 4/],
  ],
  [
    "stopped",
    [projectLimits("web", {}, { coder: { stopped: true, starts: 0 } })],
    [task, /^stopped: agent web\/coder$/],
  ],
  ["agent max", [projectLimits("web", {}, { coder: { max: 2 } })], [task, /2 of 2 run/]],
  ["worker target", [projectLimits("web", {}, { coder: { target: 2 } })], [task, /2 of 2 workers/]],
  ["pool full", [web], [task, /2 of 2 slots/]],
] as const)("%s binds a task, in words with numbers", (kind, projects, [waiting, words]) => {
  const constraint = constraintOn(waiting, {
    pool: running(2),
    limits: poolLimits(2, projects),
    now: 10,
  });
  expect(constraint.kind).toBe(kind);
  expect(constraint.text).toMatch(words);
});

test("with free slots a task waits for guarantees, or only for its turn", () => {
  const pool = running(2);
  const kept = { pool, limits: poolLimits(4, [web, idle]), now: 0 };
  expect(constraintOn(task, kept).kind).toBe("guarantees");
  expect(constraintOn(task, { ...kept, limits: poolLimits(4, [web]) }).kind).toBe("turn");
});

test("what binds a task in words is what keeps the allocator from starting it", () => {
  for (const limits of [
    poolLimits(4, [web, idle]),
    poolLimits(5, [web, idle]),
    poolLimits(2, [web]),
  ]) {
    const machine = new Machine(running(2), WRR);
    machine.pool.insert(waitingTask());
    const { kind } = constraintOn(task, { pool: machine.pool, limits, now: 0 });
    expect(machine.give(limits).length).toBe(kind === "turn" ? 1 : 0);
  }
});

test("a forecast says how many start before and when, slot by slot", () => {
  const pool = poolOf(["a", "b", "c", "d", "e"].map((id) => waitingTask({ id })));
  const starts = forecastOf({
    pool,
    limits: poolLimits(2, [projectLimits("web")]),
    durationOf: EVEN,
    now: 0,
  });
  expect([...starts].map(([id, { ahead, at }]) => [id, ahead, at])).toEqual([
    ["a", 0, 0],
    ["b", 1, 0],
    ["c", 2, 1_000],
    ["d", 3, 1_000],
    ["e", 4, 2_000],
  ]);
  expect([pool.waiting, pool.running]).toEqual([5, 0]);
});

test("running tasks free their slots when their mean is over; overdue ones are given half a mean more, or as long as they are late", () => {
  const pool = running(1);
  pool.insert(waitingTask({ id: "next" }));
  const limits = poolLimits(1, [projectLimits("web")]);
  expect(forecastOf({ pool, limits, durationOf: EVEN, now: 400 }).get("next")?.at).toBe(1_000);
  expect(forecastOf({ pool, limits, durationOf: EVEN, now: 1_200 }).get("next")?.at).toBe(1_700);
  // a mean that was so wrong of one is not trusted for what waits behind it
  const late = forecastOf({ pool, limits, durationOf: EVEN, now: 5_000 }).get("next");
  expect(late).toMatchObject({ at: 9_000, from: 5_000, to: 13_000 });
});

test("what only time cannot start has no estimate, nor has what waits behind unknown durations", () => {
  const pool = poolOf([waitingTask({ id: "shut", project: "shut" }), ...waitingTasks(2)]);
  const limits = poolLimits(1, [projectLimits("web"), projectLimits("shut", { starts: 0 })]);
  expect(forecastOf({ pool, limits, durationOf: EVEN, now: 0 }).has("shut")).toBe(false);
  expect(forecastOf({ pool, limits, durationOf: () => null, now: 0 }).size).toBe(1);
});

test.each([
  ["the pool", 8, Infinity],
  ["the agent's max", 8, 1],
])("at least eight in ten tasks start within their band, bound by %s", (_name, slots, max) => {
  let draw = 42;
  const random = (): number => {
    draw = (draw * 16_807) % 2_147_483_647;
    return draw / 2_147_483_647;
  };
  const limits = poolLimits(slots, [projectLimits("web", {}, { coder: { max } })]);
  let [within, all, width] = [0, 0, 0];
  for (let trial = 0; trial < 30; trial += 1) {
    const machine = new Machine(poolOf(waitingTasks(40)), WRR);
    const spread: DurationOf = () => ({ meanMs: 1_000, spreadMs: 1_000 });
    const expected = forecastOf({ pool: machine.pool, limits, durationOf: spread, now: 0 });
    const ends: { at: number; id: string }[] = [];
    while (machine.pool.waiting > 0) {
      const ids = machine.give(limits).map(({ task: given }) => given.id);
      const bands = ids.flatMap((id) => expected.get(id) ?? []);
      all += bands.length;
      width += bands.reduce((sum, { from, to }) => sum + to - from, 0);
      within += bands.filter(({ from, to }) => from <= machine.now && machine.now <= to).length;
      for (const id of ids) ends.push({ at: machine.now - 1_000 * Math.log(random()), id });
      ends.sort((a, b) => a.at - b.at);
      const [end] = ends.splice(0, 1);
      if (end === undefined) break;
      machine.now = end.at;
      machine.pool.finish(end.id);
    }
  }
  expect(within / all).toBeGreaterThanOrEqual(0.8);
  expect(width / all).toBeLessThan(max === 1 ? 17_000 : 4_000);
});
