/** Backoff doubles to its ceiling, and jitter only ever shortens it by a bounded part. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, jittered } from "../../../src/base/backoff.ts";

test("the wait doubles with every failure up to the ceiling", () => {
  const waits = [0, 1, 2, 3, 4, 5].map((failures) => backoffMs(100, 1_000, failures));
  expect(waits).toEqual([0, 100, 200, 400, 800, 1_000]);
  expect(backoffMs(100, 60_000, 1_000_000)).toBe(60_000);
  expect(backoffMs(0, 60_000, 50)).toBe(0);
});

test("a jittered wait lies between three quarters and the whole", () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (ms, chance) => {
        const wait = jittered(ms, chance);
        expect(wait).toBeLessThanOrEqual(ms);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(ms * 0.75));
      },
    ),
  );
});
