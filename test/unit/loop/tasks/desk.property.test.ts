/** The task desk when any answer of the database or of a runner may be lost and the daemon may die at any step: nothing lost, nothing twice. */
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isTerminal } from "../../../../src/model/task.ts";
import type { Session } from "../../../../src/loop/session.ts";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import type { OpenDesk } from "../../../../src/loop/tasks/desk-state.ts";
import { deskSession } from "../../../support/desk-session.ts";
import {
  BY,
  FATE,
  inTurn,
  runnersUntil,
  SLOTS,
  workerProject,
} from "../../../support/desk-story.ts";
import { fakeTaskDoor } from "../../../support/fake-task-door.ts";
import { FakeTaskRunner } from "../../../support/fake-task-runner.ts";
import { submitRow } from "../../../support/submit-row.ts";

const TASKS = 8;
const WEB = workerProject({ retries: 1 });
/** Longer than every clock of the desk that mends: doubt, audit, handing over again. */
const MENDED_MS = 40_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIFE = fc.record({
  database: fc.array(FATE, { maxLength: 120 }),
  runner: fc.array(FATE, { maxLength: 20 }),
  /** Fewer than open a breaker. */
  failing: fc.array(fc.boolean(), { maxLength: 2 }),
  /** When each daemon dies, in ms of its life. */
  deaths: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 3 }),
});

/** As a daemon tries again to lead. */
async function opened(session: Session): Promise<OpenDesk> {
  for (;;) {
    const desk = await openDesk(session).catch(() => null);
    if (desk !== null) return desk;
  }
}

test("every acknowledged task ends once, no attempt runs twice, and a completed one is never repeated", async () => {
  await fc.assert(
    fc.asyncProperty(LIFE, async ({ database, runner: runnerFates, failing, deaths }) => {
      const now = (): number => Date.now();
      const { door, records, attempts, ingest } = fakeTaskDoor(inTurn(database, "answered"), now);
      const runner = new FakeTaskRunner(
        inTurn(runnerFates, "answered"),
        (at) => failing[at] === true,
      );
      const acknowledged = new Set<number>();
      let durable = 0;
      const live = async (forMs: number): Promise<void> => {
        const ending = new AbortController();
        const session = deskSession({
          tasks: door,
          runners: runnersUntil(ending.signal, runner),
          epoch: 1,
          slots: SLOTS,
          projects: [WEB],
          now,
          ended: ending.signal,
        });
        const desk = await opened(session);
        session.desk = desk;
        door.onSettled((settled) => desk.settled(settled));
        desk.connected("web");
        const reader = setInterval(() => {
          const events = runner.journal.slice(durable);
          const to = runner.journal.length;
          ingest(events).then(
            () => void (durable = to),
            () => desk.doubt(),
          );
        }, 50);
        for (let key = 0; key < TASKS; key += 1)
          if (!acknowledged.has(key))
            void desk.submit(submitRow(key, { maxAttempts: 2 }), BY).then(
              () => acknowledged.add(key),
              () => undefined,
            );
        await vi.advanceTimersByTimeAsync(forMs);
        clearInterval(reader);
        ending.abort();
        desk.close();
      };
      for (const ms of deaths) await live(ms);
      await live(MENDED_MS);

      const states = [...records.values()].map(({ id, state, attempts: made }) => [
        id,
        state,
        made,
      ]);
      expect(records.size).toBeGreaterThanOrEqual(acknowledged.size);
      expect(states.filter(([, state]) => state !== "succeeded" && state !== "dead")).toEqual([]);
      expect([...records.values()].every(({ state }) => isTerminal(state))).toBe(true);
      // A run is started once, and no attempt of a task follows one that succeeded.
      expect(new Set(runner.started).size).toBe(runner.started.length);
      const runs = runner.started.map((run) => attempts.get(run)?.task ?? "");
      for (const [task, count] of countsOf(runs)) {
        const record = records.get(task);
        expect([task, count]).toEqual([task, record?.attempts]);
        expect(count).toBeLessThanOrEqual(2);
      }
      const open = [...attempts.values()].filter(({ ended }) => !ended);
      expect(open).toEqual([]);
    }),
    { numRuns: process.env["BERTH_LONG"] === "1" ? 300 : 25 },
  );
}, 60_000);

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
