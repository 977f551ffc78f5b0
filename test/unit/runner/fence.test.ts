/** The fencing epoch: it only rises, it is on disk before it holds, and a disk that is full refuses instead of forgetting. */
import { expect, test } from "vitest";
import { Fence } from "../../../src/runner/fence.ts";

function fenceAt(kept: number): { fence: Fence; written: number[]; disk: { full: boolean } } {
  const written: number[] = [];
  const disk = { full: false };
  const fence = new Fence({
    readEpoch: () => kept,
    writeEpoch: (epoch) => {
      if (disk.full) throw new Error("ENOSPC");
      written.push(epoch);
    },
  });
  return { fence, written, disk };
}

test("the same epoch and any higher one are obeyed, and a higher one is written down once", () => {
  const { fence, written } = fenceAt(5);
  expect([5, 7, 7].map((epoch) => fence.admit(epoch))).toEqual([null, null, null]);
  expect(fence.epoch).toBe(7);
  expect(written).toEqual([7]);
});

test("a lower one is refused, also where only a newer configuration says so", () => {
  const { fence, written } = fenceAt(5);
  expect(fence.admit(4)).toEqual({ code: "runner.epoch-stale", detail: "epoch 4 is below 5" });
  fence.atLeast(9);
  fence.atLeast(3);
  expect(fence.refusal(8)?.code).toBe("runner.epoch-stale");
  expect([fence.refusal(9), fence.epoch, written]).toEqual([null, 9, []]);
});

test("an epoch that cannot be written down is not obeyed, and the old one stays", () => {
  const { fence, disk } = fenceAt(5);
  disk.full = true;
  expect(fence.admit(6)).toMatchObject({ code: "runner.spool-unwritable" });
  expect(() => fence.raise(6)).toThrow("ENOSPC");
  expect(fence.epoch).toBe(5);
});
