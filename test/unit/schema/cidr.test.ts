/** Network pools: private, aligned, and neither too large nor too small. */
import { expect, test } from "vitest";
import { poolFault } from "../../../src/schema/cidr.ts";

test.each([
  "10.201.0.0/16",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "172.31.255.0/24",
  "192.168.0.0/16",
  "192.168.7.0/24",
])("%s may be a pool", (cidr) => {
  expect(poolFault(cidr)).toBeNull();
});

test.each([
  "8.8.0.0/16",
  "172.32.0.0/16",
  "172.0.0.0/8",
  "192.0.0.0/8",
  "192.169.0.0/16",
  "10.0.0.0/7",
  "10.0.0.0/25",
  "10.0.1.0/16",
  "10.0.0.256/24",
  "10.0.0.0",
  "10.0.0.0/33",
  "fd00::/8",
  "010.1.0.0.0/16",
])("%s may not", (cidr) => {
  expect(poolFault(cidr)).not.toBeNull();
});
