/** Fingerprints: two of them tell which parts differ; what is none is told apart. */
import { expect, test } from "vitest";
import { showBytes, showCpus } from "../../../src/model/amount.ts";
import { fingerprint, fingerprintChanges } from "../../../src/model/fingerprint.ts";

test("equal fingerprints have no changes", () => {
  const one = fingerprint([
    ["image", "1a"],
    ["limits.nofile", "9"],
  ]);
  expect(one).toBe("image.1a~limits.nofile.9");
  expect(fingerprintChanges(one, one)).toEqual([]);
});

test("changed, added and missing parts are named", () => {
  const from = fingerprint([
    ["image", "1a"],
    ["labels", "2b"],
  ]);
  const to = fingerprint([
    ["image", "9f"],
    ["limits.nofile", "9"],
  ]);
  expect(fingerprintChanges(from, to)).toEqual([
    { part: "image", from: "1a", to: "9f" },
    { part: "labels", from: "2b", to: null },
    { part: "limits.nofile", from: null, to: "9" },
  ]);
});

test("a missing or unreadable fingerprint is unknown, not different in parts", () => {
  expect(fingerprintChanges(null, "image.1a")).toBeNull();
  expect(fingerprintChanges("0123456789abcdef", "image.1a")).toBeNull();
});

test("amounts read as people say them", () => {
  expect([0, 1023, 2 ** 20, 1.5 * 2 ** 30, 2 ** 41].map(showBytes)).toEqual([
    "0B",
    "1023B",
    "1MiB",
    "1.5GiB",
    "2TiB",
  ]);
  expect([1_500_000_000, 1_000_000_000, 250_000_000].map(showCpus)).toEqual(["1.5", "1", "0.25"]);
});
