/** A half-open breaker gets its probe whatever becomes of those who are let through: refused, lost, cancelled, the daemon killed. */
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isTerminal } from "../../../../src/model/task.ts";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import type { OpenDesk } from "../../../../src/loop/tasks/desk-state.ts";
import type { Session } from "../../../../src/loop/session.ts";
import { BREAKER_RULES } from "../../../../src/plan/pool/breaker.ts";
import { deskSession } from "../../../support/desk-session.ts";
import {
  BY,
  FATE,
  inTurn,
  runnersUntil,
  SLOTS,
  workerProject,
} from "../../../support/desk-story.ts";
import { readyReport } from "../../../support/runner-report.ts";
import { type FakeTaskDoor, fakeTaskDoor, type Fate } from "../../../support/fake-task-door.ts";
import { FakeTaskRunner, type RunnerFate } from "../../../support/fake-task-runner.ts";
import { submitRow } from "../../../support/submit-row.ts";

const WEB = workerProject();
const { failures, coolDownMs } = BREAKER_RULES;
/** After the failures that open it. */
const GOOD = 4;
/** Two cool-downs, the second twice as long, and every clock of the desk that mends. */
const MENDED_MS = 3 * coolDownMs + 40_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface World {
  readonly fake: FakeTaskDoor;
  readonly runner: FakeTaskRunner;
  durable: number;
}

function worldOf(
  database: (call: string) => Fate,
  fate: () => RunnerFate,
  failing: ReadonlySet<string>,
): World {
  const runner = new FakeTaskRunner(fate, (_run, task) => failing.has(task));
  return { fake: fakeTaskDoor(database, () => Date.now()), runner, durable: 0 };
}

interface Life {
  readonly desk: OpenDesk;
  readonly session: Session;
  end(): void;
}

/** A daemon that leads, until it ends. */
async function lead(world: World): Promise<Life> {
  const ending = new AbortController();
  const session = deskSession({
    tasks: world.fake.door,
    runners: runnersUntil(ending.signal, world.runner),
    epoch: 1,
    slots: SLOTS,
    projects: [WEB],
    now: () => Date.now(),
    ended: ending.signal,
  });
  let desk: OpenDesk | null = null;
  while (desk === null) desk = await openDesk(session).catch(() => null);
  const opened = desk;
  session.desk = opened;
  world.fake.door.onSettled((settled) => opened.settled(settled));
  opened.connected("web");
  const reader = setInterval(() => read(world, opened), 200);
  const reporter = setInterval(() => opened.reported(readyReport("web")), 5_000);
  return {
    desk: opened,
    session,
    end() {
      clearInterval(reader);
      clearInterval(reporter);
      ending.abort();
      opened.close();
    },
  };
}

function read(world: World, desk: OpenDesk): void {
  const to = world.runner.journal.length;
  world.fake.ingest(world.runner.journal.slice(world.durable)).then(
    () => void (world.durable = to),
    () => desk.doubt(),
  );
}

const HANDED = fc.constantFrom<RunnerFate>("answered", "refused", "refused", "before", "after");
const DEED = fc.record({
  afterMs: fc.integer({ min: 0, max: 2 * coolDownMs }),
  /** A task is cancelled, or the daemon dies. */
  cancels: fc.option(fc.integer({ min: 1, max: failures + GOOD })),
});
const STORY = fc.record({
  database: fc.array(FATE, { maxLength: 60 }),
  handed: fc.array(HANDED, { maxLength: 20 }),
  deeds: fc.array(DEED, { maxLength: 4 }),
});

test("in every interleaving a half-open breaker with waiting work gets a probe in the end", async () => {
  await fc.assert(
    fc.asyncProperty(STORY, async ({ database, handed, deeds }) => {
      let calm = true;
      const failing = new Set(Array.from({ length: failures }, (_, at) => String(at + 1)));
      const nextDatabase = inTurn(database, "answered");
      const nextHanded = inTurn(handed, "answered");
      const world = worldOf(
        () => (calm ? "answered" : nextDatabase()),
        () => (calm ? "answered" : nextHanded()),
        failing,
      );
      let life = await lead(world);
      for (let key = 0; key < failures; key += 1) await life.desk.submit(submitRow(key), BY);
      await vi.advanceTimersByTimeAsync(2_000);
      expect([...life.desk.measures.breakers.values()].map(({ kind }) => kind)).toEqual([
        "open",
        "open",
      ]);
      for (let key = 0; key < GOOD; key += 1) await life.desk.submit(submitRow(failures + key), BY);
      calm = false;
      for (const { afterMs, cancels } of deeds) {
        await vi.advanceTimersByTimeAsync(afterMs);
        if (cancels === null) {
          life.end();
          life = await lead(world);
        } else
          await life.session.doors.postgres.tasks
            .cancel(1, String(cancels), BY)
            .catch(() => undefined);
      }
      await vi.advanceTimersByTimeAsync(MENDED_MS);
      life.end();
      const left = [...world.fake.records.values()].filter(({ state }) => !isTerminal(state));
      expect(left.map(({ id, state }) => [id, state])).toEqual([]);
      expect(new Set(world.runner.started).size).toBe(world.runner.started.length);
    }),
    { numRuns: process.env["BERTH_LONG"] === "1" ? 300 : 25 },
  );
}, 60_000);

const STUCK = { kind: "half-open", failureClass: "exit code 9", probe: "99", coolDownMs } as const;

async function withStuck(stick: (world: World) => Promise<Life>): Promise<readonly string[]> {
  const world = worldOf(
    () => "answered",
    () => "answered",
    new Set(),
  );
  const life = await stick(world);
  await life.desk.submit(submitRow(1), BY);
  await vi.advanceTimersByTimeAsync(2_000);
  life.end();
  return [...world.fake.records.values()].map(({ state }) => state);
}

test("a breaker that was kept half-open with a probe that no longer runs lets another try after a restart", async () => {
  const states = await withStuck(async (world) => {
    const kept = ["", "coder"].map((agent) => ({
      project: "web",
      agent,
      state: STUCK,
      through: 0,
    }));
    await world.fake.door.keepBreakers(1, kept);
    return lead(world);
  });
  expect(states).toEqual(["succeeded"]);
});

test("a desk that compares itself with the records frees breakers from probes that hold no slot", async () => {
  const states = await withStuck(async (world) => {
    const life = await lead(world);
    for (const key of ["web", "web/coder"]) life.desk.measures.breakers.set(key, STUCK);
    life.desk.doubt();
    return life;
  });
  expect(states).toEqual(["succeeded"]);
});
