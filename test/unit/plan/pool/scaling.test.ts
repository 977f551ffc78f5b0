/** Adaptive scaling: more workers for more, harder and more urgent work; fewer only after a while; always with a reason. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scale } from "../../../../src/plan/pool/scaling.ts";
import type { BacklogSight, WorkerTarget } from "../../../../src/plan/pool/scaling.ts";

const QUIET: BacklogSight = {
  min: 0,
  max: 8,
  waiting: 0,
  running: 0,
  complexity: 5,
  priority: 0,
  oldestReadyAt: null,
  deadlineAt: null,
  meanMs: 1_000,
};

function targetOf(over: Partial<BacklogSight>, now = 0): number {
  return scale(null, { ...QUIET, ...over }, now).target;
}

test("workers follow backlog and complexity, within min and max", () => {
  expect(targetOf({})).toBe(0);
  expect(targetOf({ min: 2 })).toBe(2);
  expect(targetOf({ waiting: 3 })).toBe(3);
  expect(targetOf({ waiting: 5, complexity: 1 })).toBe(1);
  expect(targetOf({ waiting: 5, complexity: 2 })).toBe(2);
  expect(targetOf({ waiting: 5, complexity: 2, running: 3 })).toBe(5);
  expect(targetOf({ waiting: 50 })).toBe(8);
});

test("priority, age and a near deadline each call for more", () => {
  const easy = { waiting: 10, complexity: 1 };
  expect(targetOf(easy)).toBe(2);
  expect(targetOf({ ...easy, priority: 1000 })).toBe(4);
  expect(targetOf({ ...easy, oldestReadyAt: 0 }, 600_000)).toBe(4);
  expect(targetOf({ ...easy, deadlineAt: 5_000 })).toBe(4);
  expect(targetOf({ ...easy, deadlineAt: 1_000_000 })).toBe(2);
  expect(targetOf({ ...easy, deadlineAt: 0 })).toBe(8);
});

test("the first worker comes at once, further ones at most once a second", () => {
  const none = scale(null, QUIET, 0);
  const first = scale(none, { ...QUIET, waiting: 1 }, 10);
  expect(first).toMatchObject({ target: 1, since: 10 });
  const busy = { ...QUIET, waiting: 5, running: 1 };
  expect(scale(first, busy, 500).target).toBe(1);
  expect(scale(first, busy, 1_010)).toMatchObject({ target: 6, since: 1_010 });
});

test("a clock set back by an hour costs one cool-down, not an hour", () => {
  const busy = { ...QUIET, waiting: 5, running: 1 };
  const ahead: WorkerTarget = { target: 1, since: 3_600_000, lowSince: null, why: "" };
  const back = scale(ahead, busy, 5_000);
  expect(back).toMatchObject({ target: 1, since: 5_000 });
  expect(scale(back, busy, 6_000).target).toBe(6);
});

test("fewer come only after fewer would have done for half a minute", () => {
  let state: WorkerTarget = scale(null, { ...QUIET, waiting: 6 }, 0);
  state = scale(state, QUIET, 40_000);
  expect(state).toMatchObject({ target: 6, lowSince: 40_000 });
  state = scale(state, { ...QUIET, waiting: 6 }, 60_000);
  expect(state.lowSince).toBeNull();
  state = scale(state, QUIET, 61_000);
  expect(scale(state, QUIET, 90_999).target).toBe(6);
  expect(scale(state, QUIET, 91_000)).toMatchObject({ target: 0, since: 91_000 });
});

test("a small dip changes nothing however long it lasts", () => {
  const six = scale(null, { ...QUIET, waiting: 6 }, 0);
  const dipped = scale(six, { ...QUIET, waiting: 5 }, 40_000);
  expect(scale(dipped, { ...QUIET, waiting: 5 }, 400_000)).toBe(six);
});

test("every change says why, with its numbers; no change keeps the reason", () => {
  const one = scale(null, { ...QUIET, waiting: 4, priority: 500 }, 0);
  expect(one.why).toBe("4 waiting of complexity 5, urgency 1.5, 0 running: 4 wanted within 0..8");
  const bounded = scale(one, { ...QUIET, waiting: 4, max: 2 }, 5);
  expect(bounded).toEqual({ target: 2, since: 5, lowSince: null, why: "bounds are 0..2 now" });
  expect(scale(one, { ...QUIET, waiting: 4, priority: 500 }, 9)).toBe(one);
});

test("it stays within min and max, and something waiting always has a worker", () => {
  const sight = fc.record({
    waiting: fc.nat(50),
    running: fc.nat(10),
    complexity: fc.integer({ min: 1, max: 10 }),
    priority: fc.nat(1000),
    min: fc.nat(3),
    max: fc.integer({ min: 3, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(sight, fc.nat(60_000)), { maxLength: 20 }), (steps) => {
      let state: WorkerTarget | null = null;
      let now = 0;
      for (const [over, laterMs] of steps) {
        now += laterMs;
        state = scale(state, { ...QUIET, ...over }, now);
        expect(state.target).toBeGreaterThanOrEqual(Math.max(over.min, over.waiting > 0 ? 1 : 0));
        expect(state.target).toBeLessThanOrEqual(over.max);
      }
    }),
  );
});
