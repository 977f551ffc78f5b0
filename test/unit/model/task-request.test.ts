/** What is wrong with a submission by itself: deadlines that are past or that nobody means, projects that take no work. */
import { expect, test } from "vitest";
import { completedFault, deadlineFault } from "../../../src/model/task-request.ts";

const NOW = Date.UTC(2026, 10, 23, 5);
const HOUR = 3_600_000;

test.each([
  [NOW - 3.2 * HOUR, "task.deadline-past", "the deadline 2026-11-23T01:48:00Z passed 3h12m ago"],
  [NOW - 900, "task.deadline-past", "the deadline 2026-11-23T04:59:59Z passed 900ms ago"],
  [NOW, "task.deadline-past", "the deadline 2026-11-23T05:00:00Z passed 0s ago"],
  [
    Date.UTC(2024, 10, 23),
    "task.deadline-past",
    "the deadline 2024-11-23T00:00:00Z passed 730d5h ago",
  ],
  [Date.UTC(2001, 0), "task.deadline-past", "the deadline 2001-01-01T00:00:00Z passed 9457d5h ago"],
  // seconds, a duration, microseconds: units that were mistaken
  [
    NOW / 1000,
    "task.deadline-past",
    "the deadline 1795410000 would be 1970-01-21T18:43:30Z, long ago",
  ],
  [2 * HOUR, "task.deadline-past", "the deadline 7200000 would be 1970-01-01T02:00:00Z, long ago"],
  [0, "task.deadline-past", "the deadline 0 would be 1970-01-01T00:00:00Z, long ago"],
  [
    NOW * 1000,
    "task.deadline-unlikely",
    "the deadline 1795410000000000 would be +058864-04-11T08:00:00Z",
  ],
  [
    Number.MAX_SAFE_INTEGER,
    "task.deadline-unlikely",
    "the deadline 9007199254740991 would be 9007199254740991",
  ],
])("a deadline at %d is refused in words", (deadlineAt, code, detail) => {
  expect(deadlineFault({ deadlineAt, deadlineMs: null }, NOW)).toMatchObject({
    kind: "usage",
    code,
    detail,
  });
});

test("a deadline from now on may be as far as ten years", () => {
  const within = (deadlineMs: number) =>
    deadlineFault({ deadlineAt: NOW + deadlineMs, deadlineMs }, NOW);
  expect([within(1), within(3_650 * 24 * HOUR)]).toEqual([null, null]);
  expect(within(9_999_999 * 24 * HOUR)?.detail).toBe(
    "a deadline in 9999999d is more than ten years ahead",
  );
  expect(deadlineFault({ deadlineAt: null, deadlineMs: null }, NOW)).toBeNull();
  expect(deadlineFault({ deadlineAt: Date.UTC(9999, 11, 31), deadlineMs: null }, NOW)).toBeNull();
});

test("only a completed project takes no tasks: work waits for one that is paused or stopped", () => {
  expect(completedFault("web", "completed")).toMatchObject({
    kind: "conflict",
    code: "task.project-completed",
    hint: "`berth start web` runs it again",
  });
  for (const wanted of ["active", "frozen", "stopped", "inactive"] as const)
    expect(completedFault("web", wanted)).toBeNull();
});
