/** Limits read back from the cgroup: equal within rounding, or named. */
import { expect, test } from "vitest";
import type { CgroupSample } from "../../../src/model/observed.ts";
import { unenforced } from "../../../src/plan/enforced.ts";

const wanted = { nanoCpus: 500_000_000, memoryBytes: 268_435_456, pids: 128, cpuShares: 256 };
const sample: CgroupSample = {
  at: 0,
  version: 1,
  memoryLimitBytes: 268_435_456,
  memoryUsageBytes: 1,
  memoryWorkingSetBytes: 1,
  cpuUsageMs: 1,
  cpuQuota: 0.5,
  cpuShares: 256,
  cpuThrottledMs: 0,
  pidsCurrent: 1,
  pidsLimit: 128,
  oomKills: 0,
};

test("what is enforced as wanted is no fault, rounding to pages included", () => {
  expect(unenforced(sample, wanted)).toEqual([]);
  expect(unenforced(sample, { ...wanted, memoryBytes: wanted.memoryBytes + 100 })).toEqual([]);
});

test("a limit the kernel lacks or has otherwise is named", () => {
  expect(unenforced({ ...sample, memoryLimitBytes: null, pidsLimit: null }, wanted)).toEqual([
    "memory: wanted 268435456, the kernel has none",
    "pids: wanted 128, the kernel has none",
  ]);
  expect(unenforced({ ...sample, cpuQuota: 1, cpuShares: 1024 }, wanted)).toEqual([
    "cpus: wanted 0.5, the kernel has 1",
    "cpu_shares: wanted 256, the kernel has 1024",
  ]);
});

test("cgroup v2 does not tell shares, so they are not judged", () => {
  expect(unenforced({ ...sample, version: 2, cpuShares: null }, wanted)).toEqual([]);
});
