/** The batcher: first at once, the rest together, answers to whom they belong. */
import { expect, test } from "vitest";
import { createBatcher } from "../../../src/base/batcher.ts";

const BOUNDS = { maxBatch: 10, maxWaiting: 10, overflow: () => new Error("full") };

test("the first call goes alone at once, those that come meanwhile go together", async () => {
  const batches: number[][] = [];
  const batched = createBatcher<number, string>({
    ...BOUNDS,
    maxBatch: 3,
    async run(items) {
      batches.push([...items]);
      await new Promise((resolve) => setImmediate(resolve));
      return items.map((item) => `#${item}`);
    },
  });
  expect(await Promise.all([1, 2, 3, 4, 5, 6].map(batched))).toEqual([
    "#1",
    "#2",
    "#3",
    "#4",
    "#5",
    "#6",
  ]);
  expect(batches).toEqual([[1], [2, 3, 4], [5, 6]]);
});

test("a failing batch fails its own calls only", async () => {
  let first = true;
  const batched = createBatcher<number, number>({
    ...BOUNDS,
    maxBatch: 1,
    async run(items) {
      if (first) {
        first = false;
        throw new Error("away");
      }
      return items;
    },
  });
  const [one, two] = await Promise.allSettled([batched(1), batched(2)]);
  expect([one?.status, two?.status]).toEqual(["rejected", "fulfilled"]);
});

test("past its bound it refuses instead of growing", async () => {
  const gate = Promise.withResolvers<void>();
  const batched = createBatcher<number, number>({
    ...BOUNDS,
    maxBatch: 1,
    maxWaiting: 1,
    run: async (items) => {
      await gate.promise;
      return items;
    },
  });
  const running = batched(1);
  const waiting = batched(2);
  await expect(batched(3)).rejects.toThrow("full");
  gate.resolve();
  expect(await Promise.all([running, waiting])).toEqual([1, 2]);
});

test("an item at fault fails alone where it is tried alone", async () => {
  const batches: number[][] = [];
  const batched = createBatcher<number, number>({
    ...BOUNDS,
    oneByOne: (error) => error instanceof RangeError,
    async run(items) {
      batches.push([...items]);
      if (items.includes(3)) throw new RangeError("three");
      if (items.includes(9)) throw new Error("away");
      return items;
    },
  });
  const all = await Promise.allSettled([1, 2, 3, 4].map(batched));
  expect(all.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(batches).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  // Any other failure is everybody's.
  await batched(5);
  await new Promise((resolve) => setImmediate(resolve));
  const more = await Promise.allSettled([5, 9, 6].map(batched));
  expect(more.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
});
