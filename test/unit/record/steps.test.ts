/** Outcomes that the database refuses are owed: written with the next ones, each once, and no more than are kept. */
import { expect, test } from "vitest";
import type { Outcome } from "../../../src/model/step.ts";
import type { PostgresDoor, StepSettlement } from "../../../src/postgres/door.ts";
import { settle, settleOwed, type OpenedPlan, type Under } from "../../../src/record/steps.ts";

const DONE: readonly Outcome[] = [{ step: 1, kind: "done", note: null }];
const opened = (row: number): OpenedPlan => ({
  plan: { project: "web", generation: 1, steps: [], waiting: [] },
  pass: "p",
  rows: new Map([[1, row]]),
});

/** A database that refuses while `refuses.is`, and what it took. */
function database(refuses: { is: boolean }): Readonly<{ under: Under; took: number[][] }> {
  const took: number[][] = [];
  const settleSteps = async (_epoch: number, rows: readonly StepSettlement[]): Promise<void> => {
    if (refuses.is) throw new Error("refused");
    took.push(rows.map(({ rowId }) => rowId));
  };
  // oxlint-disable-next-line no-unsafe-type-assertion -- no more of it is used
  const postgres = { settleSteps } as unknown as PostgresDoor;
  return { under: { postgres, epoch: 1, owed: [] }, took };
}

test("a refused outcome is told, owed, and written with the next", async () => {
  const refuses = { is: true };
  const { under, took } = database(refuses);
  await expect(settle(opened(1), DONE, under)).rejects.toThrow("refused");
  await expect(settleOwed(under)).rejects.toThrow("refused");
  refuses.is = false;
  await settle(opened(2), DONE, under);
  await settleOwed(under);
  expect(took).toEqual([[1, 2]]);
  expect(under.owed).toEqual([]);
});

test("no more than ten thousand are kept, the oldest", async () => {
  const { under } = database({ is: true });
  const [first] = DONE;
  if (first === undefined) throw new Error("no outcome");
  const many = Array.from({ length: 10_001 }, (_, at) => ({ ...first, step: at }));
  const rows = new Map(many.map(({ step }) => [step, step]));
  await expect(settle({ ...opened(0), rows }, many, under)).rejects.toThrow("refused");
  expect(under.owed).toHaveLength(10_000);
  expect(under.owed.at(-1)?.rowId).toBe(9_999);
});
