/** Limits of the pool: rounds move worker targets, readers move nothing; a stopped worker is there and says so. */
import { expect, test } from "vitest";
import { movedLimits, poolLimits } from "../../../../src/loop/tasks/limits.ts";
import type { Desk } from "../../../../src/loop/tasks/desk-state.ts";
import { newMeasures } from "../../../../src/loop/tasks/measures.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";
import { deskSession } from "../../../support/desk-session.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";

const task = { min: 0, max: 3, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } };
const WEB = projectSpec("web", { agents: { coder: agentSpec("coder", { replicas: 0, task }) } });

function desk(): Desk {
  const session = deskSession({
    tasks: {} as never,
    runners: { connected: () => true, report: () => null } as never,
    epoch: 1,
    slots: 3,
    projects: [WEB],
    now: () => 1_000,
  });
  const parts = { session, pool: new PoolState(), measures: newMeasures(() => undefined) };
  // oxlint-disable-next-line no-unsafe-type-assertion -- limits are made of no more of it
  return parts as unknown as Desk;
}
const target = (limits: ReturnType<typeof poolLimits>): number | undefined =>
  limits.projects.get("web")?.workers.get("coder")?.target;
const wait = (pool: PoolState, id: string): void => {
  const row = { id, project: "web", agent: "coder", priority: 0, complexity: 5 };
  pool.insert({ ...row, deadlineAt: null, readyAt: 1_000 });
};

test("who reads sees the target of the last round, however much waits, and leaves it to the next round", () => {
  const each = desk();
  wait(each.pool, "1");
  expect([target(poolLimits(each)), each.measures.targets.size]).toEqual([1, 0]);
  expect(target(movedLimits(each))).toBe(1);
  each.measures.targets.set("web/coder", { target: 1, since: 0, lowSince: null, why: "" });
  wait(each.pool, "2");
  expect([target(poolLimits(each)), target(poolLimits(each))]).toEqual([1, 1]);
  expect(target(movedLimits(each))).toBe(2);
  expect(target(poolLimits(each))).toBe(2);
});

test("a stopped worker keeps no slot and starts nothing, but is known", () => {
  const each = desk();
  const record = each.session.world.records.get("web");
  if (record !== undefined)
    each.session.world.records.set("web", { ...record, stoppedAgents: ["coder"] });
  expect(poolLimits(each).projects.get("web")?.workers.get("coder")).toMatchObject({
    stopped: true,
    min: 0,
    target: 0,
  });
});
