/** The cgroup's facts are read alike from version 1 and version 2, and what is missing is null. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isQuiet, readCgroup, readOomKills } from "../../../src/runner/cgroup.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bt-cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function files(content: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test("version 1", () => {
  files({
    "memory/memory.limit_in_bytes": "104857600\n",
    "memory/memory.usage_in_bytes": "5000\n",
    "memory/memory.stat": "cache 1\ntotal_inactive_file 1500\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "cpu/cpu.cfs_quota_us": "150000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "cpu/cpu.shares": "512\n",
    "cpu/cpu.stat": "nr_periods 9\nthrottled_time 7000000\n",
    "cpuacct/cpuacct.usage": "2500000\n",
    "pids/pids.current": "4\n",
    "pids/pids.max": "max\n",
  });
  expect(readCgroup(9, root)).toEqual({
    at: 9,
    version: 1,
    memoryLimitBytes: 104_857_600,
    memoryUsageBytes: 5_000,
    memoryWorkingSetBytes: 3_500,
    cpuUsageMs: 2.5,
    cpuQuota: 1.5,
    cpuShares: 512,
    cpuThrottledMs: 7,
    pidsCurrent: 4,
    pidsLimit: null,
    oomKills: 3,
  });
  files({
    "memory/memory.limit_in_bytes": "9223372036854771712\n",
    "cpu/cpu.cfs_quota_us": "-1\n",
  });
  expect(readCgroup(9, root)).toMatchObject({ memoryLimitBytes: null, cpuQuota: null });
});

test("version 2", () => {
  files({
    "cgroup.controllers": "cpu memory pids\n",
    "memory.max": "104857600\n",
    "memory.current": "5000\n",
    "memory.stat": "anon 1\ninactive_file 1500\n",
    "memory.events": "low 0\noom 2\noom_kill 3\noom_group_kill 0\n",
    "cpu.max": "150000 100000\n",
    "cpu.stat": "usage_usec 2500\nthrottled_usec 7000\n",
    "pids.current": "4\n",
    "pids.max": "77\n",
  });
  expect(readCgroup(9, root)).toEqual({
    at: 9,
    version: 2,
    memoryLimitBytes: 104_857_600,
    memoryUsageBytes: 5_000,
    memoryWorkingSetBytes: 3_500,
    cpuUsageMs: 2.5,
    cpuQuota: 1.5,
    cpuShares: null,
    cpuThrottledMs: 7,
    pidsCurrent: 4,
    pidsLimit: 77,
    oomKills: 3,
  });
  files({ "memory.max": "max\n", "cpu.max": "max 100000\n" });
  expect(readCgroup(9, root)).toMatchObject({ memoryLimitBytes: null, cpuQuota: null });
});

test("where nothing is mounted, everything is unknown", () => {
  expect(readCgroup(9, root)).toMatchObject({
    memoryUsageBytes: null,
    pidsCurrent: null,
    oomKills: null,
  });
  expect(readOomKills(root)).toBeNull();
});

test("a sample is news by what changed, or by its age", () => {
  const told = { ...readCgroup(100_000, root), cpuUsageMs: 500, memoryUsageBytes: 50_000_000 };
  const later = { ...told, at: 105_000, cpuUsageMs: 510, memoryUsageBytes: 50_500_000 };
  expect(isQuiet(told, later)).toBe(true);
  const news = [
    { at: 110_000 },
    { at: 99_999 },
    { cpuUsageMs: 551 },
    { memoryUsageBytes: 52_000_000 },
    { memoryWorkingSetBytes: 2_000_000 },
    { memoryLimitBytes: 1 },
    { cpuQuota: 1 },
    { cpuThrottledMs: 1 },
    { pidsCurrent: 9 },
    { oomKills: 1 },
  ];
  for (const fresh of news)
    expect([fresh, isQuiet(told, { ...later, ...fresh })]).toEqual([fresh, false]);
});
