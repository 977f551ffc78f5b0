/** Canonical JSON and its hash: order never matters, content always does. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, hashOf, sha256, shortHash } from "../../../src/base/hash.ts";

test("keys are sorted at every depth and undefined members are absent", () => {
  expect(canonicalJson({ b: [1, { d: null, c: true }], a: undefined, 2: "x" })).toBe(
    '{"2":"x","b":[1,{"c":true,"d":null}]}',
  );
});

test("sha256 is the well-known function", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("the order in which members were added does not change the hash", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(hashOf(turned)).toBe(hashOf(value));
      expect(hashOf(value).startsWith(shortHash(turned))).toBe(true);
    }),
  );
});

test("canonical JSON means the same as the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("what JSON would silently lose is refused", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  for (const bad of [Number.NaN, () => 1, 1n, Symbol("x"), loop])
    expect(() => hashOf(bad)).toThrow(TypeError);
});
