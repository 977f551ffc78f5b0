/** A container that died because memory ran out is counted once, and not where its runner has told of that kill. */
import { expect, test } from "vitest";
import { heardOom, noteDeath, reportOf } from "../../../src/loop/deaths.ts";
import { countRepair, repairDelayMs } from "../../../src/loop/repairs.ts";
import type { Session } from "../../../src/loop/session.ts";
import type { Outcome } from "../../../src/model/step.ts";
import type { NewEvent } from "../../../src/postgres/door.ts";
import { converge } from "../../../src/plan/converge/converge.ts";
import { stopped, up, web } from "../../support/goldens.ts";
import { sampleAt } from "../../support/measured.ts";
import { readyReport } from "../../support/runner-report.ts";

const STARTED = 1_000_000;

type Kept = Pick<NewEvent, "kind" | "fields"> & Readonly<{ at: number }>;

function aSession(recorded: readonly Kept[] = []) {
  const told: NewEvent[] = [];
  const counted: number[] = [];
  const records = new Map([["web", {}]]);
  const world = {
    records,
    ooms: new Map(),
    repairs: new Map(),
    faults: new Map(),
    idle: new Map(),
  };
  const session = {
    world,
    now: () => STARTED,
    outbox: { add: (event: NewEvent) => told.push(event), flush: async () => true },
    metrics: { oom: (_project: string, count: number) => counted.push(count) },
    doors: {
      postgres: { events: async () => recorded.toReversed().slice(0, 1) },
      runners: { report: () => readyReport("web", { sample: sampleAt(1) }) },
    },
  } as unknown as Session;
  return { session, world, told, counted };
}

const dead = (startedAt: number, exitCode = 137, oomKilled = true) =>
  stopped(exitCode, {
    inspected: up.inspected.map((each) => ({
      ...each,
      exitCode,
      oomKilled,
      startedAt: new Date(startedAt).toISOString(),
    })),
  });

test("a death is told and counted once, however often it is looked at, and the next one again", async () => {
  const { session, told, counted } = aSession();
  const before = reportOf("web", session)?.sample?.oomKills ?? 0;
  await noteDeath("web", dead(STARTED), session);
  await noteDeath("web", dead(STARTED), session);
  expect(counted).toEqual([1]);
  expect(told).toMatchObject([
    {
      project: "web",
      kind: "project.oom",
      cause: "daemon",
      message: "out of memory in the project, victim unknown: its container died",
      fields: { count: 1, container: "c1" },
    },
  ]);
  await noteDeath("web", dead(STARTED + 5_000), session);
  expect(counted).toEqual([1, 1]);
  expect(reportOf("web", session)?.sample?.oomKills).toBe(before + 2);
});

test("no death of memory: another end, or a kill that the container outlived", async () => {
  const { session, counted } = aSession();
  await noteDeath("web", dead(STARTED, 137, false), session);
  await noteDeath("web", dead(STARTED, 0), session);
  await noteDeath("web", up, session);
  expect(counted).toEqual([]);
});

test("a kill that the runner told of in this life is not counted again, unless the engine heard of one since", async () => {
  const agent: Kept = { kind: "agent.oom", fields: {}, at: STARTED + 300 };
  const quiet = aSession([agent]);
  heardOom("web", STARTED + 290, quiet.session);
  await noteDeath("web", dead(STARTED), quiet.session);
  expect(quiet.counted).toEqual([]);

  const twice = aSession([agent]);
  heardOom("web", STARTED + 290, twice.session);
  heardOom("web", STARTED + 9_000, twice.session);
  await noteDeath("web", dead(STARTED), twice.session);
  expect(twice.counted).toEqual([1]);

  const earlier = aSession([{ ...agent, at: STARTED - 1 }]);
  await noteDeath("web", dead(STARTED), earlier.session);
  expect(earlier.counted).toEqual([1]);
});

test("a daemon that has just begun does not count what its predecessor counted", async () => {
  const fields = { count: 1, container: "c1", startedAt: new Date(STARTED).toISOString() };
  const own: Kept = { kind: "project.oom", fields, at: STARTED + 1 };
  const same = aSession([own]);
  heardOom("web", STARTED + 9_000, same.session);
  await noteDeath("web", dead(STARTED), same.session);
  expect(same.counted).toEqual([]);
  const next = aSession([own]);
  await noteDeath("web", dead(STARTED - 5_000), next.session);
  expect(next.counted).toEqual([1]);
});

test("what waits for its next start says that memory ran out", () => {
  for (const [observed, words] of [
    [dead(STARTED), "its container died 3 times of late, last because memory ran out; next start"],
    [dead(STARTED, 3, false), "its container died 3 times of late; next start"],
  ] as const) {
    const { session, world } = aSession();
    world.repairs.set("web", { count: 3, lastAt: STARTED });
    const plan = converge(web, observed);
    expect(repairDelayMs(plan, observed, session)).toBe(2_000);
    expect(world.faults.get("web").detail).toContain(words);
  }
});

test("what is heard while the records are asked is not forgotten, and an orphan's kill is nobody's", async () => {
  const { session, world } = aSession();
  heardOom("web", STARTED - 10, session);
  const noting = noteDeath("web", dead(STARTED), session);
  heardOom("web", STARTED + 50, session);
  await noting;
  expect(world.ooms.get("web")).toMatchObject({ heardAt: STARTED + 50, deaths: 1 });
  heardOom("gone", STARTED, session);
  expect([...world.ooms.keys()]).toEqual(["web"]);
});

test("a repair is counted when it was made, not each time it is tried: refused starts are no deaths", () => {
  const { session, world } = aSession();
  const observed = dead(STARTED, 3, false);
  const plan = converge(web, observed);
  const failed = {
    step: 0,
    kind: "failed",
    code: "docker.timeout",
    detail: "no answer",
    errorKind: "transient",
  } as const;
  const all = (outcome: Outcome): readonly Outcome[] => plan.steps.map(() => outcome);
  for (let turn = 0; turn < 5; turn += 1) {
    expect(repairDelayMs(plan, observed, session)).toBe(0);
    countRepair({ plan, observed, outcomes: turn < 3 ? [] : all(failed) }, session);
  }
  expect(world.repairs.size).toBe(0);
  const done = all({ step: 0, kind: "done", note: null });
  for (let turn = 0; turn < 3; turn += 1) countRepair({ plan, observed, outcomes: done }, session);
  expect(world.repairs.get("web")).toMatchObject({ count: 3 });
  expect(repairDelayMs(plan, observed, session)).toBe(2_000);
});

test("a clock set back by an hour delays a repair by no more than its own delay", () => {
  const { session, world } = aSession();
  const observed = dead(STARTED, 3, false);
  const plan = converge(web, observed);
  let now = STARTED;
  Object.assign(session, { now: () => now });
  world.repairs.set("web", { count: 1, lastAt: STARTED + 3_600_000 });
  expect(repairDelayMs(plan, observed, session)).toBe(0);
  world.repairs.set("web", { count: 3, lastAt: STARTED + 3_600_000 });
  expect(repairDelayMs(plan, observed, session)).toBe(2_000);
  now += 2_000;
  expect(repairDelayMs(plan, observed, session)).toBe(0);
});
