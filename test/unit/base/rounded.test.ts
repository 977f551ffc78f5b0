/** Amounts as people read them: few digits, and the unit that fits. */
import { expect, test } from "vitest";
import { roundedAge, roundedSize } from "../../../src/base/rounded.ts";

test("sizes keep a digit behind the point below ten, and end at TiB", () => {
  const sizes = [0, 1023, 1536, 9.96 * 1024, 134_217_728, 1.5 * 2 ** 30, 2 ** 51];
  expect(sizes.map((bytes) => roundedSize(bytes).join(" "))).toEqual([
    "0 B",
    "1023 B",
    "1.5 KiB",
    "10 KiB",
    "128 MiB",
    "1.5 GiB",
    "2048 TiB",
  ]);
});

test("ages are whole, never negative, and change units at twice the next", () => {
  const minute = 60_000;
  const ages = [-5, 4_999, 2 * minute - 1, 2 * minute, 120 * minute, 2 * 1_440 * minute];
  expect(ages.map((ms) => roundedAge(ms).join(""))).toEqual(["0s", "4s", "119s", "2m", "2h", "2d"]);
});
