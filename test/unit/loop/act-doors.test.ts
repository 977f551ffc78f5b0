/** The epoch before a mutation: confirmed lately or asked for, by passes side by side once. */
import { expect, test } from "vitest";
import { actDoors } from "../../../src/loop/act-doors.ts";
import type { OpenedPlan } from "../../../src/record/steps.ts";
import type { Session } from "../../../src/loop/session.ts";

function aSession() {
  const facts = { now: 0, epoch: 4, asked: 0 };
  const session = {
    now: () => facts.now,
    world: { install: { install: "main", installUid: "u", epoch: 4 } },
    doors: {
      postgres: {
        epoch: async () => {
          facts.asked += 1;
          return facts.epoch;
        },
      },
    },
  };
  // What acts asks no more of a session before it touches the engine.
  return { facts, session: session as unknown as Session };
}

const JOURNALLED: OpenedPlan = {
  plan: { project: "web", generation: 1, steps: [], waiting: [] },
  pass: "p",
  rows: new Map([[1, 7]]),
};

test("passes side by side confirm the epoch together, each half second at most", async () => {
  const { facts, session } = aSession();
  const passes = [
    actDoors(session, JOURNALLED),
    actDoors(session, JOURNALLED),
    actDoors(session, JOURNALLED),
  ];
  const all = (): Promise<unknown> => Promise.all(passes.map((doors) => doors.confirmEpoch()));
  await all();
  expect(facts.asked).toBe(0);
  facts.now = 600;
  await all();
  expect(facts.asked).toBe(1);
  facts.now = 1_000;
  await all();
  expect(facts.asked).toBe(1);
  // A plan that was just journalled was let through by its epoch.
  facts.now = 1_050;
  actDoors(session, JOURNALLED);
  facts.now = 1_500;
  await all();
  expect(facts.asked).toBe(1);
});

test("a plan that needed no journal has confirmed nothing", async () => {
  const { facts, session } = aSession();
  actDoors(session, JOURNALLED);
  facts.now = 600;
  await actDoors(session, { ...JOURNALLED, rows: new Map() }).confirmEpoch();
  expect(facts.asked).toBe(1);
});

test("once another daemon took over, every pass is refused from the next question on", async () => {
  const { facts, session } = aSession();
  const [one, two] = [actDoors(session, JOURNALLED), actDoors(session, JOURNALLED)];
  Object.assign(facts, { now: 600, epoch: 5 });
  for (const doors of [one, two, one])
    await expect(doors.confirmEpoch()).rejects.toMatchObject({ code: "postgres.epoch-stale" });
  expect(facts.asked).toBe(3);
});
