/** Measured performance: a project against its own history, between a half and two. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  NO_PERFORMANCE,
  observeEnd,
  performanceFactor,
} from "../../../../src/plan/pool/performance.ts";
import type { Ended, PerformanceRecord } from "../../../../src/plan/pool/performance.ts";

const GOOD: Ended = { succeeded: true, durationMs: 1_000 };

function after(
  count: number,
  end: Ended,
  record: PerformanceRecord = NO_PERFORMANCE,
): PerformanceRecord {
  return Array.from({ length: count }, () => end).reduce(observeEnd, record);
}

test("a project without much history, or that does as ever, weighs what it is declared to", () => {
  expect(performanceFactor(NO_PERFORMANCE)).toBe(1);
  expect(performanceFactor(after(5, { succeeded: false, durationMs: 9_000 }))).toBe(1);
  expect(performanceFactor(after(400, GOOD))).toBeCloseTo(1, 6);
  expect(performanceFactor(after(400, { succeeded: true, durationMs: 90_000 }))).toBeCloseTo(1, 6);
});

test("getting slower or failing more lowers the factor, getting faster raises it", () => {
  const usual = after(400, GOOD);
  const slower = performanceFactor(after(30, { ...GOOD, durationMs: 1_500 }, usual));
  const failing = performanceFactor(after(15, { ...GOOD, succeeded: false }, usual));
  const faster = performanceFactor(after(30, { ...GOOD, durationMs: 700 }, usual));
  expect(slower).toBeGreaterThan(0.5);
  expect(slower).toBeLessThan(0.9);
  expect(failing).toBeLessThan(0.8);
  expect(faster).toBeGreaterThan(1.1);
});

test("the factor stays between a half and two, whatever happened", () => {
  const end = fc.record({ succeeded: fc.boolean(), durationMs: fc.nat(10_000_000) });
  fc.assert(
    fc.property(fc.array(end, { maxLength: 120 }), (ends) => {
      const factor = performanceFactor(ends.reduce(observeEnd, NO_PERFORMANCE));
      expect(factor).toBeGreaterThanOrEqual(0.5);
      expect(factor).toBeLessThanOrEqual(2);
    }),
    { numRuns: 60 },
  );
});
