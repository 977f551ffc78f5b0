/** Attempts their runner no longer names: lost only when all that its journal held is recorded. */
import { expect, test } from "vitest";
import type { Desk } from "../../../../src/loop/tasks/desk-state.ts";
import { forgetVanished } from "../../../../src/loop/tasks/vanished.ts";
import type { RunnerReport } from "../../../../src/model/observed.ts";

const NOW = 100_000;

/** Which runs are called lost when `web`'s journal is recorded up to `recorded`, and its runner reports `journalSeq` and `alive`. */
function lost(
  recorded: number,
  { journalSeq, alive = [] }: Readonly<{ journalSeq: number | null; alive?: readonly string[] }>,
): readonly string[] {
  const called: string[] = [];
  const held = { task: "1", project: "web", agent: "a", unhanded: null };
  const runs = [
    { ...held, run: "old", startedAt: 0 },
    { ...held, run: "young", startedAt: NOW - 1_000 },
    { ...held, run: "unhanded", startedAt: 0, unhanded: {} },
    { ...held, run: "foreign", startedAt: 0, project: "api" },
  ];
  const settle = async (_epoch: number, ends: readonly { run: string }[]): Promise<unknown[]> => {
    called.push(...ends.map(({ run }) => run));
    return [...ends];
  };
  const session = {
    now: () => NOW,
    chance: () => 0,
    world: { install: { epoch: 1 }, records: new Map([["web", { journalSeq: recorded }]]) },
    doors: { postgres: { tasks: { settle } } },
  };
  const desk = { session, runs: new Map(runs.map((run) => [run.run, run])) };
  const report = { project: "web", taskRuns: alive, journalSeq };
  // oxlint-disable-next-line no-unsafe-type-assertion -- it uses no more of them
  forgetVanished(report as unknown as RunnerReport, desk as unknown as Desk);
  return called;
}

test("a run that is not named is lost once the journal is recorded as far as the report saw it", () => {
  expect(lost(7, { journalSeq: 7 })).toEqual(["old"]);
});

test("while its end may still be on its way in the journal, it is not", () => {
  expect(lost(6, { journalSeq: 7 })).toEqual([]);
});

test("a runner that does not tell its journal's number loses nobody", () => {
  expect(lost(7, { journalSeq: null })).toEqual([]);
});

test("a run that is named lives", () => {
  expect(lost(7, { journalSeq: 7, alive: ["old"] })).toEqual([]);
});
