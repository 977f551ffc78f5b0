/** What counts for a breaker: attempts that ended, not tasks that ended while they waited. */
import { expect, test } from "vitest";
import type { Desk, HeldRun } from "../../../../src/loop/tasks/desk-state.ts";
import { newMeasures } from "../../../../src/loop/tasks/measures.ts";
import { takeEnd } from "../../../../src/loop/tasks/take-end.ts";
import type { AttemptOutcome, SettledTask, TaskState } from "../../../../src/model/task.ts";
import { BREAKER_RULES } from "../../../../src/plan/pool/breaker.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";

const held = {
  project: "web",
  agent: "coder",
  unhanded: null,
  unsure: false,
  refused: false,
  withdrawn: false,
  cancelling: false,
  waitedMs: null,
  begun: true,
};

function deskOf(counted: string[] = []) {
  return {
    session: {
      now: () => 1_000,
      metrics: { taskEnded: (_project: string, outcome: string) => counted.push(outcome) },
    },
    pool: new PoolState(),
    measures: newMeasures(() => undefined),
    runs: new Map<string, HeldRun>(),
    dispatch: () => undefined,
  };
}

interface Told {
  readonly state: TaskState;
  readonly outcome?: AttemptOutcome;
}

/** Breakers after so many tasks as open one have ended in this way; `started`: each was running. */
function after(
  started: boolean,
  told: Told = { state: "timed-out", outcome: "timed-out" },
): Readonly<{ kinds: readonly string[]; counted: number }> {
  const counted: string[] = [];
  const desk = deskOf(counted);
  for (let id = 1; id <= BREAKER_RULES.failures; id += 1) {
    const task = String(id);
    const run = `run-${task}`;
    if (started) desk.runs.set(run, { ...held, task, run, progress: null, startedAt: 0 });
    // An attempt of the past had left when it was started. Trees that do not heed TERM die by KILL.
    const ended = { startedAt: 1, endedAt: 900, exitCode: null, signal: "SIGKILL" };
    const record = { ...held, id: task, ...ended, ...told };
    // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of them
    takeEnd(record as unknown as SettledTask, desk as unknown as Desk);
  }
  expect(desk.runs.size).toBe(0);
  return {
    kinds: [...desk.measures.breakers.values()].map((breaker) =>
      breaker.kind === "open" ? `open: ${breaker.failureClass}` : breaker.kind,
    ),
    counted: counted.length,
  };
}

const OPEN = {
  kinds: ["open: timed out", "open: timed out"],
  counted: BREAKER_RULES.failures,
};

test("attempts that ran longer than they may open the breakers of their project and agent", () => {
  expect(after(true)).toEqual(OPEN);
});

test("a timeout is one while retries are left and when they are used up, as after a restart", () => {
  expect(after(true, { state: "pending", outcome: "timed-out" })).toEqual(OPEN);
  expect(after(true, { state: "dead", outcome: "timed-out" })).toEqual(OPEN);
  expect(after(true, { state: "dead", outcome: "lost" }).kinds).toEqual(["closed", "closed"]);
  expect(after(true, { state: "pending", outcome: "failed" }).kinds).toEqual([
    "open: signal SIGKILL",
    "open: signal SIGKILL",
  ]);
});

test("deadlines that pass in the queue count as ends, and for no breaker", () => {
  expect(after(false, { state: "timed-out" })).toEqual({
    kinds: [],
    counted: BREAKER_RULES.failures,
  });
});

test("a probe that is cancelled while it waits lets the next one try", () => {
  const desk = deskOf();
  const halfOpen = { kind: "half-open", failureClass: "exit code 9", coolDownMs: 1 } as const;
  desk.measures.breakers.set("web", { ...halfOpen, probe: "7" });
  desk.measures.breakers.set("web/coder", { ...halfOpen, probe: "8" });
  const record = { ...held, id: "7", state: "cancelled", startedAt: null, endedAt: 900 };
  // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of them
  takeEnd(record as unknown as SettledTask, desk as unknown as Desk);
  expect([...desk.measures.breakers.values()]).toEqual([
    { ...halfOpen, probe: null },
    { ...halfOpen, probe: "8" },
  ]);
});
