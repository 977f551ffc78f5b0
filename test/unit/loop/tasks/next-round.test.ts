/** A round comes by itself when a cool-down ends behind which something waits. */
import { expect, test } from "vitest";
import { newMeasures } from "../../../../src/loop/tasks/measures.ts";
import { nextRoundAt } from "../../../../src/loop/tasks/next-round.ts";
import type { Breaker } from "../../../../src/model/breaker.ts";
import type { Session } from "../../../../src/loop/session.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";
import { raisableAt } from "../../../../src/plan/pool/scaling.ts";

const NOW = 100_000;

interface Sight {
  readonly waiting?: boolean;
  readonly raisedAt?: number;
  readonly breakers?: Readonly<Record<string, Breaker>>;
}

function next({ waiting = true, raisedAt, breakers = {} }: Sight): number | null {
  const pool = new PoolState();
  const task = { id: "1", project: "web", agent: "coder", priority: 0, complexity: 1 };
  if (waiting) pool.insert({ ...task, deadlineAt: null, readyAt: NOW });
  const measures = newMeasures(() => undefined);
  if (raisedAt !== undefined)
    measures.targets.set("web/coder", { target: 1, since: raisedAt, lowSince: null, why: "" });
  for (const [key, breaker] of Object.entries(breakers)) measures.breakers.set(key, breaker);
  // oxlint-disable-next-line no-unsafe-type-assertion -- it asks it for no more
  const session = { now: () => NOW } as unknown as Session;
  return nextRoundAt({ session, pool, measures });
}

const open = (until: number): Breaker => ({
  kind: "open",
  failureClass: "exit code 1",
  until,
  coolDownMs: 30_000,
});

test("when more workers are allowed again", () => {
  const target = { target: 1, since: NOW - 200, lowSince: null, why: "" };
  expect(next({ raisedAt: NOW - 200 })).toBe(raisableAt(target));
  expect(raisableAt(target)).toBeGreaterThan(NOW);
});

test("when the first of its breakers lets a probe through", () => {
  const breakers = { web: open(NOW + 9_000), "web/coder": open(NOW + 5_000) };
  expect(next({ breakers })).toBe(NOW + 5_000);
});

test("never for what is over, for what nobody waits for, or for other agents' breakers", () => {
  expect(next({ raisedAt: NOW - 60_000, breakers: { web: open(NOW - 1) } })).toBeNull();
  expect(next({ waiting: false, raisedAt: NOW, breakers: { web: open(NOW + 1) } })).toBeNull();
  expect(next({ breakers: { "web/other": open(NOW + 1) } })).toBeNull();
});
