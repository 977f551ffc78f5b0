/** Which slots answer a question about usage: fine enough, and kept as far back as it begins. */
import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { chooseSpan } from "../../../src/insight/span.ts";
import { USAGE_WIDTHS } from "../../../src/model/usage.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;

test.each([
  { what: "an hour", from: NOW - HOUR, stepMs: null, slotSeconds: 10, step: 20_000 },
  { what: "an hour by 10 s", from: NOW - HOUR, stepMs: 10_000, slotSeconds: 10, step: 10_000 },
  { what: "a day", from: NOW - DAY, stepMs: null, slotSeconds: 60, step: 300_000 },
  { what: "a week", from: NOW - 7 * DAY, stepMs: null, slotSeconds: 60, step: 2_040_000 },
  { what: "a year", from: NOW - 365 * DAY, stepMs: null, slotSeconds: 3600, step: 30 * HOUR },
  { what: "a second a day ago", from: NOW - DAY, stepMs: 1_000, slotSeconds: 10, step: 10_000 },
  { what: "10 s a week ago", from: NOW - 7 * DAY, stepMs: 10_000, slotSeconds: 60, step: 60_000 },
  {
    what: "1 min a month ago",
    from: NOW - 30 * DAY,
    stepMs: 60_000,
    slotSeconds: 3600,
    step: HOUR,
  },
  { what: "ten years", from: NOW - 3_650 * DAY, stepMs: HOUR, slotSeconds: 3600, step: HOUR },
])("$what is answered from slots of $slotSeconds s", ({ from, stepMs, slotSeconds, step }) => {
  expect(chooseSpan({ from, to: NOW, stepMs }, NOW)).toEqual({
    from,
    to: NOW,
    stepMs: step,
    slotSeconds,
  });
});

test("the step is always whole slots, and the slots reach back as far as anything does", () => {
  assert(
    property(integer({ min: 1, max: 400 * DAY }), integer({ min: 1, max: DAY }), (back, stepMs) => {
      const chosen = chooseSpan({ from: NOW - back, to: NOW, stepMs }, NOW);
      expect(chosen.stepMs % (chosen.slotSeconds * 1000)).toBe(0);
      expect(chosen.stepMs).toBeGreaterThanOrEqual(stepMs);
      const kept =
        USAGE_WIDTHS.find(({ seconds }) => seconds === chosen.slotSeconds)?.keptDays ?? 0;
      expect(kept === 365 || back <= kept * DAY).toBe(true);
    }),
  );
});
