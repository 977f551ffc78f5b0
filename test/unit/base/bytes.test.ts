/** Sizes: what is read, what is refused, and that writing and reading agree. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, parseBytes } from "../../../src/base/bytes.ts";

test.each([
  ["512MiB", 536_870_912],
  ["1g", 1_073_741_824],
  ["1GB", 1_073_741_824],
  ["1.5GiB", 1_610_612_736],
  ["100k", 102_400],
  ["64 m", 67_108_864],
  ["1024", 1024],
  ["7b", 7],
  ["0", 0],
])("%s is %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "m", "-1m", "1e3", "1x", "512 MiBs", "1,5g", "99999999999999t", "0x10"])(
  "%j is no size",
  (text) => {
    expect(parseBytes(text)).toBeNull();
  },
);

test("a size is written in its largest exact unit", () => {
  expect([0, 1000, 1024, 1_610_612_736, 1_073_741_824].map(formatBytes)).toEqual([
    "0B",
    "1000B",
    "1KiB",
    "1536MiB",
    "1GiB",
  ]);
});

test("what is written reads back to the same number", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 45 }), (bytes) => {
      expect(parseBytes(formatBytes(bytes))).toBe(bytes);
    }),
  );
});
