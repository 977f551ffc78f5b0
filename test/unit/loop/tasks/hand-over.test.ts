/** What a runner's refusal says: of a first offer that nothing has begun, of a later one nothing until the journal is read. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import type { OpenDesk } from "../../../../src/loop/tasks/desk-state.ts";
import type { Session } from "../../../../src/loop/session.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskSession, heardRunner } from "../../../support/desk-session.ts";
import { readyReport } from "../../../support/runner-report.ts";
import { type FakeTaskDoor, fakeTaskDoor } from "../../../support/fake-task-door.ts";
import { FakeTaskRunner, type RunnerFate } from "../../../support/fake-task-runner.ts";
import { submitRow } from "../../../support/submit-row.ts";

const BY = { who: "local", claim: null, reason: null };
const WEB = projectSpec("web", {
  agents: {
    coder: agentSpec("coder", {
      replicas: 0,
      task: { min: 0, max: 1, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } },
    }),
  },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Stage {
  readonly fake: FakeTaskDoor;
  readonly runner: FakeTaskRunner;
  readonly session: Session;
  readonly desk: OpenDesk;
}

/** One task is submitted, and offered to a runner that answers so. */
async function offered(...answers: readonly RunnerFate[]): Promise<Stage> {
  const left = answers.values();
  const now = (): number => Date.now();
  const fake = fakeTaskDoor(() => "answered", now);
  const runner = new FakeTaskRunner(
    () => left.next().value ?? "refused",
    () => false,
  );
  const session = deskSession({
    tasks: fake.door,
    runners: heardRunner(runner),
    epoch: 1,
    slots: 2,
    projects: [WEB],
    now,
  });
  const desk = await openDesk(session);
  session.desk = desk;
  fake.door.onSettled((settled) => desk.settled(settled));
  await desk.submit(submitRow(1), BY);
  await vi.advanceTimersByTimeAsync(100);
  return { fake, runner, session, desk };
}

const stateOf = ({ fake }: Stage): readonly unknown[] =>
  [...fake.records.values()].map(({ state, attempts }) => [state, attempts]);

test("a first offer that is refused never was, and the task waits on", async () => {
  const stage = await offered("refused");
  expect(stateOf(stage)).toEqual([["ready", 0]]);
  expect([...stage.desk.runs]).toEqual([]);
});

test("what may have begun under a runner that has forgotten it is not taken back by a refusal, and so not repeated", async () => {
  const stage = await offered("after");
  expect(stage.runner.started).toHaveLength(1);
  // Its container began anew.
  stage.desk.connected("web");
  await vi.advanceTimersByTimeAsync(100);
  expect(stateOf(stage)).toEqual([["running", 1]]);
  await stage.fake.ingest(stage.runner.journal);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(stateOf(stage)).toEqual([["succeeded", 1]]);
  expect(stage.runner.started).toHaveLength(1);
});

test("one that was refused and that the journal does not know is taken back with a report that shows as much", async () => {
  const stage = await offered("before");
  stage.desk.connected("web");
  await vi.advanceTimersByTimeAsync(6_000);
  const report = { ...readyReport("web"), journalSeq: 7 };
  stage.desk.reported(report);
  await vi.advanceTimersByTimeAsync(100);
  expect(stateOf(stage)).toEqual([["running", 1]]);
  const row = stage.session.world.records.get("web");
  if (row !== undefined) stage.session.world.records.set("web", { ...row, journalSeq: 7 });
  stage.desk.reported(report);
  await vi.advanceTimersByTimeAsync(100);
  expect(stateOf(stage)).toEqual([["ready", 0]]);
});
