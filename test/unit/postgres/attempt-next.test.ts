/** What becomes of a task when an attempt of it ends: by its outcome, its retries and a cancellation under way. */
import { describe, expect, test } from "vitest";
import { assert, boolean, constantFrom, double, integer, property, record } from "fast-check";
import { mayMoveTask } from "../../../src/model/task.ts";
import { nextOf } from "../../../src/postgres/attempt-next.ts";
import type { AttemptEnd, OpenAttempt } from "../../../src/postgres/attempt-next.ts";

const OPEN: OpenAttempt = {
  run: "r",
  task: "1",
  attempts: 1,
  maxAttempts: 3,
  backoffMs: 1_000,
  cancelAsked: false,
  reason: null,
  leaving: false,
};
const END: AttemptEnd = {
  run: "r",
  outcome: "failed",
  exitCode: 2,
  signal: null,
  result: null,
  reason: null,
  jitter: 0,
  startedAt: null,
  endedAt: null,
};
const next = (open: Partial<OpenAttempt>, end: Partial<AttemptEnd> = {}) =>
  nextOf({ ...OPEN, ...open }, { ...END, ...end });

describe("an attempt that failed", () => {
  test("is followed by another after a backoff that doubles, jittered downwards, at most an hour", () => {
    expect(next({})).toEqual({
      state: "pending",
      reason: "attempt 1 of 3 failed: exit code 2",
      waitMs: 1_000,
    });
    expect(next({ attempts: 2 }).waitMs).toBe(2_000);
    expect(next({ attempts: 2 }, { jitter: 0.5 }).waitMs).toBe(1_750);
    expect(next({ attempts: 30, maxAttempts: 99 }).waitMs).toBe(3_600_000);
  });

  test("leaves a task dead that used up its retries, and failed if it had none", () => {
    expect(next({ attempts: 3 })).toMatchObject({
      state: "dead",
      reason: "attempt 3 of 3 failed: exit code 2",
    });
    expect(next({ maxAttempts: 1 })).toMatchObject({ state: "failed", reason: "exit code 2" });
    expect(
      next({ maxAttempts: 1 }, { outcome: "lost", exitCode: null, reason: "gone" }),
    ).toMatchObject({ state: "lost", reason: "gone" });
    expect(
      next({ maxAttempts: 1 }, { outcome: "timed-out", exitCode: null, signal: "SIGKILL" }).reason,
    ).toBe("ended by SIGKILL");
  });
});

test("a task that is being cancelled is not tried again, but what succeeded meanwhile stays so", () => {
  const asked = { cancelAsked: true, reason: "cancelled by ada" };
  expect(next(asked)).toEqual({ state: "cancelled", reason: "cancelled by ada", waitMs: 0 });
  expect(next(asked, { outcome: "lost" }).state).toBe("cancelled");
  expect(next(asked, { outcome: "succeeded" })).toEqual({
    state: "succeeded",
    reason: null,
    waitMs: 0,
  });
});

test("whatever ends how, the task makes a legal move, and only a waiting one waits", () => {
  const open = record({
    attempts: integer({ min: 1, max: 9 }),
    maxAttempts: integer({ min: 1, max: 9 }),
    cancelAsked: boolean(),
  });
  const end = record({
    outcome: constantFrom("succeeded", "failed", "cancelled", "timed-out", "lost"),
    jitter: double({ min: 0, max: 0.999, noNaN: true }),
  } as const);
  assert(
    property(open, end, (was, how) => {
      const { state, waitMs } = next(was, how);
      expect(mayMoveTask("running", state)).toBe(true);
      expect(state === "pending" ? waitMs > 0 : waitMs === 0).toBe(true);
      expect(state === "pending" && was.attempts >= was.maxAttempts).toBe(false);
    }),
  );
});

test("a task of a project that is being removed ends with it, but what succeeded stays so", () => {
  const leaving = { leaving: true };
  const ended = { state: "cancelled", reason: "project removed", waitMs: 0 };
  expect(next(leaving)).toEqual(ended);
  expect(next({ ...leaving, maxAttempts: 1 }, { reason: "stopped with its container" })).toEqual(
    ended,
  );
  expect(next(leaving, { outcome: "succeeded", exitCode: 0 }).state).toBe("succeeded");
});
