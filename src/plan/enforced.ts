/** Whether the kernel enforces what was declared: the runner's cgroup sample against the limits that are wanted. */
import type { LimitValues } from "../model/desired.ts";
import type { CgroupSample } from "../model/observed.ts";

/** The kernel rounds memory to pages. */
const PAGE_BYTES = 4096;
/** The engine rounds quotas to microseconds of a 100 ms period. */
const CPU_TOLERANCE = 0.0001;

/** Limits the kernel has otherwise, each as `memory: wanted 268435456, kernel has none`; what a sample does not tell is not judged. */
export function unenforced(sample: CgroupSample, wanted: LimitValues): readonly string[] {
  const cpus = wanted.nanoCpus / 1e9;
  const faults: string[] = [];
  const say = (name: string, want: number, has: number | null): void =>
    void faults.push(`${name}: wanted ${want}, the kernel has ${has ?? "none"}`);
  if (Math.abs((sample.memoryLimitBytes ?? Infinity) - wanted.memoryBytes) >= PAGE_BYTES)
    say("memory", wanted.memoryBytes, sample.memoryLimitBytes);
  if (Math.abs((sample.cpuQuota ?? Infinity) - cpus) > CPU_TOLERANCE)
    say("cpus", cpus, sample.cpuQuota);
  if (sample.pidsLimit !== wanted.pids) say("pids", wanted.pids, sample.pidsLimit);
  if (sample.cpuShares !== null && sample.cpuShares !== wanted.cpuShares)
    say("cpu_shares", wanted.cpuShares, sample.cpuShares);
  return faults;
}
