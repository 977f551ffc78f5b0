/** What is forgotten with a project, and how long its tasks are said to have waited. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  forgetMeasures,
  keyOf,
  newMeasures,
  noteEnd,
} from "../../../../src/loop/tasks/measures.ts";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskSession, heardRunner } from "../../../support/desk-session.ts";
import { fakeTaskDoor } from "../../../support/fake-task-door.ts";
import { FakeTaskRunner, type RunnerFate } from "../../../support/fake-task-runner.ts";
import { submitRow } from "../../../support/submit-row.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a project that is gone leaves nothing to one of its name, and nothing of others goes with it", () => {
  const measures = newMeasures(() => undefined);
  const how = { outcome: "failed", exitCode: 9, signal: null, startedAt: 0, endedAt: 5 } as const;
  const worker = { target: 1, since: 0, lowSince: null, why: "" };
  for (const project of ["web", "web-2", "we"]) {
    for (let id = 1; id <= 5; id += 1)
      noteEnd(measures, { task: String(id), project, agent: "coder", ...how });
    measures.targets.set(keyOf(project, "coder"), { ...worker });
  }
  forgetMeasures(measures, "web");
  const { performance, durations, breakers, targets } = measures;
  expect([...performance.keys()]).toEqual(["web-2", "we"]);
  expect([...durations.keys()]).toEqual(["web-2/coder", "we/coder"]);
  expect([...breakers.keys()]).toEqual(["web-2", "web-2/coder", "we", "we/coder"]);
  expect([...targets.keys()]).toEqual(["web-2/coder", "we/coder"]);
});

test("a task's wait is counted once, when its runner has it, however often it was refused before", async () => {
  const fates: RunnerFate[] = ["refused", "refused", "before"];
  const runner = new FakeTaskRunner(
    () => fates.shift() ?? "answered",
    () => false,
  );
  const waited: number[] = [];
  const task = { min: 0, max: 1, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } };
  const session = deskSession({
    tasks: fakeTaskDoor(
      () => "answered",
      () => Date.now(),
    ).door,
    runners: heardRunner(runner),
    epoch: 1,
    slots: 1,
    projects: [
      projectSpec("web", { agents: { coder: agentSpec("coder", { replicas: 0, task }) } }),
    ],
    now: () => Date.now(),
    waited: (_project, seconds) => waited.push(seconds),
  });
  const desk = await openDesk(session);
  session.desk = desk;
  await desk.submit(submitRow(1), { who: "local", claim: null, reason: null });
  await vi.advanceTimersByTimeAsync(60_000);
  desk.close();
  expect(runner.started).toHaveLength(1);
  expect(waited).toHaveLength(1);
  expect(waited[0]).toBeGreaterThanOrEqual(2);
});
