/** The lowest free /28, against a search that tries every one. */
import { array, assert, integer, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { lowestFree, rangeOf } from "../../../src/postgres/lowest-free.ts";
import type { AddressRange } from "../../../src/postgres/lowest-free.ts";

const range = (cidr: string): AddressRange => {
  const found = rangeOf(cidr);
  if (found === null) throw new Error(cidr);
  return found;
};

function searched(pool: AddressRange, occupied: readonly AddressRange[]): AddressRange | null {
  for (let first = pool.first; first + 15 <= pool.last; first += 16) {
    const last = first + 15;
    if (!occupied.some((one) => one.first <= last && one.last >= first)) return { first, last };
  }
  return null;
}

test("it is what a search from the bottom finds, whatever is occupied", () => {
  const cidr = tuple(integer({ min: 0, max: 1_023 }), integer({ min: 22, max: 32 })).map(
    ([at, prefix]) => range(`10.0.${Math.floor(at / 256)}.${at % 256}/${prefix}`),
  );
  assert(
    property(array(cidr, { maxLength: 40 }), (occupied) => {
      const pool = range("10.0.0.0/23");
      const found = lowestFree(pool, occupied);
      expect(found === null ? null : range(found)).toEqual(searched(pool, occupied));
    }),
  );
});

test("a CIDR is the network it lies in; anything else is none", () => {
  expect(range("10.0.0.200/24")).toEqual(range("10.0.0.0/24"));
  expect(range("10.0.0.7")).toEqual({ first: 167_772_167, last: 167_772_167 });
  for (const wrong of ["", "10.0.0", "10.0.0.256", "10.0.0.0/33", "fe80::1/64", "default"])
    expect(rangeOf(wrong)).toBeNull();
});
