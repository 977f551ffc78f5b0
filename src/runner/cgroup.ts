/** The container's own cgroup as seen from inside: limits, use and the OOM counter, on v1 and v2. */
import { existsSync, readFileSync } from "node:fs";
import type { CgroupSample } from "../model/observed.ts";

const ROOT = "/sys/fs/cgroup";
/** v1 says "no limit" with a number near 2^63. */
const NO_LIMIT_FROM = 2 ** 60;

type Facts = Omit<CgroupSample, "at" | "version">;

/** Whether it is v2, by root: looked at once, since a path that is not there costs more than a file that is read. */
const unified = new Map<string, boolean>();

function isUnified(root: string): boolean {
  let is = unified.get(root);
  if (is === undefined) {
    is = existsSync(`${root}/cgroup.controllers`);
    unified.set(root, is);
  }
  return is;
}

/** One reading; a fact this kernel does not tell is null. `cpuQuota` is in CPUs. */
export function readCgroup(at: number, root = ROOT): CgroupSample {
  return isUnified(root)
    ? { at, version: 2, ...readV2(root) }
    : { at, version: 1, ...readV1(root) };
}

/** Runs of one moment share a look: thousands of short ones must not each read what the kernel has to sum up. */
const SHARED_MS = 20;
let shared: Readonly<{ at: number; bytes: number | null }> | null = null;

/** The working set in bytes, at most 20 ms old by the given clock. */
export function readWorkingSet(lived: number, root = ROOT): number | null {
  if (shared !== null && lived - shared.at < SHARED_MS && lived >= shared.at) return shared.bytes;
  const bytes = isUnified(root)
    ? workingSet(number(`${root}/memory.current`), field(`${root}/memory.stat`, "inactive_file"))
    : workingSet(
        number(`${root}/memory/memory.usage_in_bytes`),
        field(`${root}/memory/memory.stat`, "total_inactive_file"),
      );
  shared = { at: lived, bytes };
  return bytes;
}

/** Bytes; null: none, or not told. */
export function readMemoryLimit(root = ROOT): number | null {
  return isUnified(root)
    ? number(`${root}/memory.max`)
    : limit(number(`${root}/memory/memory.limit_in_bytes`));
}

/** Only the OOM counter: read at every exit. */
export function readOomKills(root = ROOT): number | null {
  return isUnified(root)
    ? field(`${root}/memory.events`, "oom_kill")
    : field(`${root}/memory/memory.oom_control`, "oom_kill");
}

/** A container in which nothing happens is told of every 10 s: each word wakes the daemon, and most containers rest. */
const QUIET_MS = 7_500;
/** Percent of a core, and bytes: the runner's own work stays below. */
const QUIET_CPU_PERCENT = 1;
const QUIET_BYTES = 1024 ** 2;

/** Whether `now` says nothing that `told` did not, and is not so late that it must be told anyway. */
export function isQuiet(told: CgroupSample, now: CgroupSample): boolean {
  const elapsedMs = now.at - told.at;
  const apart = (key: "cpuUsageMs" | "memoryUsageBytes" | "memoryWorkingSetBytes"): number =>
    Math.abs((now[key] ?? 0) - (told[key] ?? 0));
  return (
    elapsedMs >= 0 &&
    elapsedMs < QUIET_MS &&
    apart("cpuUsageMs") * 100 <= elapsedMs * QUIET_CPU_PERCENT &&
    apart("memoryUsageBytes") <= QUIET_BYTES &&
    apart("memoryWorkingSetBytes") <= QUIET_BYTES &&
    EXACT.every((key) => now[key] === told[key])
  );
}

const EXACT = [
  "memoryLimitBytes",
  "cpuQuota",
  "cpuShares",
  "cpuThrottledMs",
  "pidsCurrent",
  "pidsLimit",
  "oomKills",
] as const satisfies readonly (keyof CgroupSample)[];

function readV1(root: string): Facts {
  const usage = number(`${root}/memory/memory.usage_in_bytes`);
  const quota = number(`${root}/cpu/cpu.cfs_quota_us`);
  const period = number(`${root}/cpu/cpu.cfs_period_us`);
  const cpuNs = number(`${root}/cpuacct/cpuacct.usage`);
  const throttledNs = field(`${root}/cpu/cpu.stat`, "throttled_time");
  return {
    memoryLimitBytes: limit(number(`${root}/memory/memory.limit_in_bytes`)),
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: workingSet(
      usage,
      field(`${root}/memory/memory.stat`, "total_inactive_file"),
    ),
    cpuUsageMs: cpuNs === null ? null : cpuNs / 1e6,
    cpuQuota: quota === null || period === null || quota <= 0 ? null : quota / period,
    cpuShares: number(`${root}/cpu/cpu.shares`),
    cpuThrottledMs: throttledNs === null ? null : throttledNs / 1e6,
    pidsCurrent: number(`${root}/pids/pids.current`),
    pidsLimit: number(`${root}/pids/pids.max`),
    oomKills: readOomKills(root),
  };
}

function readV2(root: string): Facts {
  const usage = number(`${root}/memory.current`);
  const [quota = "max", period = "100000"] = (text(`${root}/cpu.max`) ?? "").trim().split(" ");
  const usec = field(`${root}/cpu.stat`, "usage_usec");
  const throttled = field(`${root}/cpu.stat`, "throttled_usec");
  return {
    memoryLimitBytes: number(`${root}/memory.max`),
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: workingSet(usage, field(`${root}/memory.stat`, "inactive_file")),
    cpuUsageMs: usec === null ? null : usec / 1e3,
    cpuQuota: /^\d+$/.test(quota) ? Number(quota) / Number(period) : null,
    // cpu.weight is what an engine made of the shares, by a formula that differs between versions: not comparable.
    cpuShares: null,
    cpuThrottledMs: throttled === null ? null : throttled / 1e3,
    pidsCurrent: number(`${root}/pids.current`),
    pidsLimit: number(`${root}/pids.max`),
    oomKills: readOomKills(root),
  };
}

/** As cAdvisor defines it: use without the page cache the kernel would drop first. */
function workingSet(usage: number | null, inactiveFile: number | null): number | null {
  return usage === null ? null : Math.max(0, usage - (inactiveFile ?? 0));
}

function limit(bytes: number | null): number | null {
  return bytes === null || bytes >= NO_LIMIT_FROM ? null : bytes;
}

/** `max` and a missing file are null. */
function number(path: string): number | null {
  const found = text(path)?.trim() ?? "";
  return /^-?\d+$/.test(found) ? Number(found) : null;
}

function field(path: string, name: string): number | null {
  const line = text(path)
    ?.split("\n")
    .find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}

function text(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
