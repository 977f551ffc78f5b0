/** Submissions as events: gathered for a moment, and given to whoever records what came of them. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSubmissionTeller } from "../../../../src/loop/tasks/submissions.ts";
import type { NewEvent } from "../../../../src/postgres/door.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ANN = { who: "local", claim: "ann", reason: null };

function teller() {
  const told: NewEvent[] = [];
  const add = (event: NewEvent) => void told.push(event);
  const outbox = { add, flush: async () => true, waiting: () => 0, busy: () => false };
  const made = createSubmissionTeller({ outbox });
  const submit = (id: string, agent = "coder", project = "web") =>
    made.submitted({ id, project, agent, submittedAt: 1_000 + Number(id) }, ANN);
  return { told, submit, take: (...tasks: string[]) => made.take("web", tasks) };
}

test("submissions of one agent within a moment are one event, at the time of the first", () => {
  const { told, submit } = teller();
  for (const id of ["9", "10", "11"]) submit(id);
  submit("12", "other");
  vi.advanceTimersByTime(1_000);
  expect(told.map(({ message, at }) => [message, at])).toEqual([
    ["3 tasks (9 to 11) for coder submitted by ann", 1_009],
    ["task 12 for other submitted by ann", 1_012],
  ]);
});

test("whoever records the start of a task takes its submission, which is then told once", () => {
  const { told, submit, take } = teller();
  for (const id of ["9", "10"]) submit(id);
  submit("11", "other");
  submit("12", "coder", "api");
  expect(take("8", "11").map(({ message }) => message)).toEqual([
    "task 11 for other submitted by ann",
  ]);
  expect(take("12")).toEqual([]);
  expect(take("10").map(({ message }) => message)).toEqual([
    "2 tasks (9 to 10) for coder submitted by ann",
  ]);
  vi.advanceTimersByTime(1_000);
  expect(told.map(({ project, message }) => [project, message])).toEqual([
    ["api", "task 12 for coder submitted by ann"],
  ]);
});
