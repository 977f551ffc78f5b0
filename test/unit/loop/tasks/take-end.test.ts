/** What counts for a breaker: attempts that ended, not tasks that ended while they waited. */
import { expect, test } from "vitest";
import type { Desk, HeldRun } from "../../../../src/loop/tasks/desk-state.ts";
import { newMeasures } from "../../../../src/loop/tasks/measures.ts";
import { takeEnd } from "../../../../src/loop/tasks/take-end.ts";
import type { TaskRecord } from "../../../../src/model/task.ts";
import { BREAKER_RULES } from "../../../../src/plan/pool/breaker.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";

const held = { project: "web", agent: "coder", unhanded: null, cancelling: false };

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

/** Breakers after so many tasks as open one have timed out; `started`: each was running. */
function after(started: boolean): Readonly<{ kinds: readonly string[]; counted: number }> {
  const counted: string[] = [];
  const desk = deskOf(counted);
  for (let id = 1; id <= BREAKER_RULES.failures; id += 1) {
    const task = String(id);
    if (started)
      desk.runs.set(`run-${task}`, {
        ...held,
        task,
        run: `run-${task}`,
        progress: null,
        startedAt: 0,
      });
    // An attempt of the past had left when it was started.
    const record = { ...held, id: task, state: "timed-out", startedAt: 1, endedAt: 900 };
    // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of them
    takeEnd(record as unknown as TaskRecord, desk as unknown as Desk);
  }
  expect(desk.runs.size).toBe(0);
  return {
    kinds: [...desk.measures.breakers.values()].map(({ kind }) => kind),
    counted: counted.length,
  };
}

test("attempts that ran longer than they may open the breakers of their project and agent", () => {
  expect(after(true)).toEqual({ kinds: ["open", "open"], counted: BREAKER_RULES.failures });
});

test("deadlines that pass in the queue count as ends, and for no breaker", () => {
  expect(after(false)).toEqual({ kinds: [], counted: BREAKER_RULES.failures });
});

test("a probe that is cancelled while it waits lets the next one try", () => {
  const desk = deskOf();
  const halfOpen = { kind: "half-open", failureClass: "exit code 9", coolDownMs: 1 } as const;
  desk.measures.breakers.set("web", { ...halfOpen, probe: "7" });
  desk.measures.breakers.set("web/coder", { ...halfOpen, probe: "8" });
  const record = { ...held, id: "7", state: "cancelled", startedAt: null, endedAt: 900 };
  // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of them
  takeEnd(record as unknown as TaskRecord, desk as unknown as Desk);
  expect([...desk.measures.breakers.values()]).toEqual([
    { ...halfOpen, probe: null },
    { ...halfOpen, probe: "8" },
  ]);
});
