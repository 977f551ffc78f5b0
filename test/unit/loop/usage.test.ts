/** The usage keeper: one write a turn, none while Postgres is away, and a bound on what waits. */
import { expect, test } from "vitest";
import type { UsageSlot } from "../../../src/model/usage.ts";
import type { Session } from "../../../src/loop/session.ts";
import { openUsageKeeper } from "../../../src/loop/usage.ts";
import { sampleAt } from "../../support/measured.ts";

interface Written {
  readonly epoch: number;
  readonly slots: readonly UsageSlot[];
}

function aKeeper(projects: readonly string[]) {
  let at = 1_000_000;
  const facts = { gone: false, failing: false, silent: false, resting: false };
  let told = at;
  const writes: Written[] = [];
  const session = {
    now: () => at,
    desk: null,
    modes: { holds: (name: string) => name === "postgres-gone" && facts.gone },
    log: { warn: () => undefined },
    world: {
      records: new Map(projects.map((name) => [name, {}])),
      install: { epoch: 4 },
      ooms: new Map(),
    },
    doors: {
      runners: {
        report: () => (facts.silent ? null : { agents: [{ restarts: 1 }], sample: sampleAt(told) }),
      },
      postgres: {
        usage: {
          write: async (request: Written) => {
            if (facts.failing) throw new Error("no answer");
            writes.push(request);
          },
        },
      },
    },
  } as unknown as Session;
  const keeper = openUsageKeeper(session);
  const turn = async (): Promise<void> => {
    at += 10_000;
    if (!facts.resting) told = at;
    await keeper.turn();
  };
  return { facts, writes, keeper, turn };
}

test("a turn is one write of every project and the host", async () => {
  const { writes, turn } = aKeeper(["web", "api"]);
  await turn();
  expect(writes).toHaveLength(1);
  expect(writes[0]?.epoch).toBe(4);
  expect(writes[0]?.slots.map(({ project, at }) => [project, at])).toEqual([
    ["web", 1_000_000],
    ["api", 1_000_000],
    ["", 1_000_000],
  ]);
});

test("a project that is not heard leaves a gap", async () => {
  const { facts, writes, turn } = aKeeper(["web"]);
  facts.silent = true;
  await turn();
  expect(writes[0]?.slots).toEqual([]);
});

test("while Postgres is away nothing is asked of it, and what waits goes in one write", async () => {
  const { facts, writes, turn } = aKeeper(["web"]);
  facts.gone = true;
  await turn();
  await turn();
  expect(writes).toEqual([]);
  facts.gone = false;
  await turn();
  expect(writes.map(({ slots }) => slots.length)).toEqual([6]);
  await turn();
  expect(writes.map(({ slots }) => slots.length)).toEqual([6, 2]);
});

test("a write that fails is tried again with the next", async () => {
  const { facts, writes, turn } = aKeeper(["web"]);
  facts.failing = true;
  await turn();
  facts.failing = false;
  await turn();
  expect(writes.map(({ slots }) => slots.length)).toEqual([4]);
});

test("ten minutes of slots wait, older ones are dropped and counted", async () => {
  const { facts, writes, keeper, turn } = aKeeper(["web"]);
  facts.gone = true;
  for (let n = 0; n < 63; n += 1) await turn();
  expect(keeper.dropped()).toBe(6);
  facts.gone = false;
  await turn();
  expect(keeper.dropped()).toBe(8);
  expect(writes[0]?.slots).toHaveLength(120);
  expect(writes[0]?.slots[0]?.at).toBe(1_000_000 + 40_000);
});

test("a resting project whose word falls just outside a slot has that slot all the same, and a gap after it", async () => {
  const { facts, writes, turn } = aKeeper(["web"]);
  await turn();
  facts.resting = true;
  await turn();
  await turn();
  const [first, second, third] = writes.map(({ slots }) =>
    slots.find(({ project }) => project === "web"),
  );
  expect(second).toEqual({ ...first, at: 1_010_000 });
  expect(third).toBeUndefined();
});
