/** How many CPUs a list of them names: whether a container may run on all of the host's. */
import { expect, test } from "vitest";
import { cpusIn } from "../../../src/docker/pinned.ts";

test("single CPUs and ranges are counted", () => {
  expect(["", "0", "0-1", "0-2,5", "1,3,8-11"].map(cpusIn)).toEqual([0, 1, 2, 4, 6]);
});
