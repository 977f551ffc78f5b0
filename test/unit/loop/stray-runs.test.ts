/** Runs of a boot that is over: lost when the next boot has told all it knows and that is recorded, and never before. */
import { expect, test } from "vitest";
import { loseStrays } from "../../../src/loop/stray-runs.ts";
import type { Session } from "../../../src/loop/session.ts";

interface World {
  readonly recorded?: number;
  readonly report: Readonly<{ bootId: string; journalSeq: number | null }> | null;
  readonly postgresGone?: boolean;
}

/** Which boots' runs are lost when runs of boots "old" and "now" of `web` are open. */
async function lost({ recorded = 7, report, postgresGone = false }: World): Promise<string[]> {
  const called: string[] = [];
  const open = ["old", "now"].map((boot) => ({ project: "web", boot }));
  const session = {
    modes: { holds: () => postgresGone },
    world: { install: { epoch: 1 }, records: new Map([["web", { journalSeq: recorded }]]) },
    doors: {
      runners: { report: () => report },
      postgres: {
        bootsWithOpenRuns: async () => open,
        loseRuns: async ({ boot }: Readonly<{ boot: string }>) => called.push(boot),
      },
    },
    eventsWritten: () => undefined,
  };
  // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of one
  await loseStrays(session as unknown as Session);
  return called;
}

test("runs of an earlier boot are lost once the next one's journal is recorded", async () => {
  expect(await lost({ report: { bootId: "now", journalSeq: 7 } })).toEqual(["old"]);
});

test("not while what the next boot tells of them may still be on its way", async () => {
  expect(await lost({ recorded: 6, report: { bootId: "now", journalSeq: 7 } })).toEqual([]);
  expect(await lost({ report: { bootId: "now", journalSeq: null } })).toEqual([]);
});

test("not while no runner has reported, and nothing is asked without a database", async () => {
  expect(await lost({ report: null })).toEqual([]);
  expect(await lost({ report: { bootId: "now", journalSeq: 7 }, postgresGone: true })).toEqual([]);
});
