/** Numbers for people, and what is unknown shown as unknown. */
import { expect, test } from "vitest";
import {
  ageText,
  countText,
  percentText,
  sizeText,
  spanText,
} from "../../../src/dashboard/format.ts";

test("sizes, shares and counts are rounded to what one reads", () => {
  expect([0, 1023, 1536, 134_217_728, 1.5 * 2 ** 30].map(sizeText)).toEqual([
    "0 B",
    "1023 B",
    "1.5 KiB",
    "128 MiB",
    "1.5 GiB",
  ]);
  expect([0, 0.44, 12.6, 148].map(percentText)).toEqual(["0 %", "0.4 %", "13 %", "148 %"]);
  expect([countText(1, "task"), countText(3, "task")]).toEqual(["1 task", "3 tasks"]);
  expect([sizeText(null), percentText(null)]).toEqual(["–", "–"]);
});

test("times are told in the unit that fits", () => {
  expect([-5, 4_200, 119_000, 720_000, 10_800_000, 9 * 86_400_000].map(ageText)).toEqual([
    "0 s",
    "4 s",
    "119 s",
    "12 min",
    "3 h",
    "9 d",
  ]);
  expect([450, 3_240, 130_000, 7_260_000].map(spanText)).toEqual([
    "450 ms",
    "3.2 s",
    "2 min 10 s",
    "2 h 1 min",
  ]);
});
