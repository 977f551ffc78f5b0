/** V8 takes what it compiled before only under the flags it was compiled under: whatever starts the program says the same ones. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const STARTERS = ["images/daemon/Dockerfile", "scripts/berth", "test/bench/built.ts"];
const FLAG = /--(?:max-semi-space-size|min-semi-space-size|heap-growing-percent)=\d+/g;

test("image, checkout and benches start the program with the same flags, said once each", () => {
  const flags = STARTERS.map((path) => readFileSync(new URL(path, ROOT), "utf8").match(FLAG));
  expect(flags[0]).toHaveLength(3);
  expect(flags).toEqual(STARTERS.map(() => flags[0]));
});
