/** The word that was meant. */
import { expect, test } from "vitest";
import { editDistance, nearest } from "../../../src/declare/nearest.ts";

test("one edit is an insertion, a deletion, a substitution or a swap", () => {
  expect(
    ["memory", "memry", "memoryy", "mamory", "memroy"].map((word) => editDistance(word, "memory")),
  ).toEqual([0, 1, 1, 1, 1]);
  expect(editDistance("", "abc")).toBe(3);
});

test.each([
  ["memroy", "memory"],
  ["Memory", "memory"],
  ["mem_limit", "memory"],
  ["cpu", "cpus"],
  ["restart", null],
  ["x", null],
  ["m".repeat(100), null],
])("%s means %s", (word, meant) => {
  expect(nearest(word, ["cpus", "memory", "pids"])).toBe(meant);
});
