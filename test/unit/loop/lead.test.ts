/** A leader that cannot take over what is recorded leaves nothing behind: no timer, and a session that has ended. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lead, type LeadOptions } from "../../../src/loop/lead.ts";
import { deskSession } from "../../support/desk-session.ts";
import { fakeTaskDoor } from "../../support/fake-task-door.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const gone = async (): Promise<never> => {
  throw new Error("the connection is gone");
};

/** What leading reads first, with one read that fails. */
function options(failing: "waiting" | "pending"): LeadOptions {
  const { door } = fakeTaskDoor(() => "answered", Date.now);
  const tasks = { ...door, lastEnds: async () => new Map() };
  const desk = deskSession({
    tasks: failing === "waiting" ? { ...tasks, waiting: gone } : tasks,
    runners: {} as never,
    epoch: 1,
    slots: 1,
    projects: [],
    now: Date.now,
  });
  const postgres = {
    tasks: desk.doors.postgres.tasks,
    projects: async () => [],
    current: async () => ({ generation: 0, declaration: null }),
    bootsWithOpenRuns: async () => [],
    openStepsOfOthers: async () => [],
    settleSteps: async () => undefined,
    rests: async () => new Map(),
    questions: { pending: failing === "pending" ? gone : async () => [] },
  };
  // What is read before anything else is asked of the doors.
  return { ...desk, doors: { ...desk.doors, postgres } } as unknown as LeadOptions;
}

test.each(["waiting", "pending"] as const)("when %s cannot be read", async (failing) => {
  const given = options(failing);
  await expect(lead(given)).rejects.toThrow("the connection is gone");
  expect(vi.getTimerCount()).toBe(0);
});
