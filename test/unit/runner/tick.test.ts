/** What the runner's clock tells the daemon: news at once with the next tick, nothing while nothing happens, and itself once in a while. */
import { beforeEach, expect, test, vi } from "vitest";
import type { CgroupSample } from "../../../src/model/observed.ts";
import type { RunnerFrame } from "../../../src/protocol/frame.ts";
import type { Line } from "../../../src/runner/control.ts";
import { Runner, type RunnerParts, SAMPLE_MS } from "../../../src/runner/runner.ts";

const host = vi.hoisted(() => ({ read: (_at: number): unknown => null }));
vi.mock("../../../src/runner/cgroup.ts", async (original) => ({
  ...(await original<object>()),
  readCgroup: (at: number) => host.read(at),
  readOomKills: () => 0,
}));
// No agent has a part in this.
vi.mock("../../../src/runner/project.ts", () => ({
  servesSame: () => true,
  Project: class {
    config = null;
    sample = (): void => undefined;
    status = (): object => ({});
    taskProgress = (): readonly unknown[] => [];
  },
}));

const REST: CgroupSample = {
  at: 0,
  memoryUsageBytes: 30_000_000,
  memoryWorkingSetBytes: 10_000_000,
  memoryLimitBytes: 64_000_000,
  cpuUsageMs: 1_000,
  cpuThrottledMs: 0,
  cpuQuota: 1,
  cpuShares: 256,
  pidsCurrent: 3,
  pidsLimit: 64,
  oomKills: 0,
} as CgroupSample;

let now: number;
let sample: CgroupSample;
let told: RunnerFrame[];
let runner: Runner;
beforeEach(() => {
  now = 0;
  sample = REST;
  told = [];
  host.read = (at) => ({ ...sample, at });
  const parts = {
    clock: { now: () => now },
    spool: { readEpoch: () => 1 },
    first: { boot: null },
    journal: { lastSeq: 0, flush: () => undefined, full: () => false, readAfter: () => [] },
  };
  // Of its parts only these have to do with time and the daemon.
  runner = new Runner(parts as unknown as RunnerParts);
  const line = { roomy: true, sentSeq: null, send: (frame: RunnerFrame) => void told.push(frame) };
  runner.serving(line as unknown as Line);
});

/** How many statuses these many ticks brought. */
function ticks(count: number): number {
  told = [];
  for (let tick = 0; tick < count; tick += 1) {
    now += SAMPLE_MS;
    runner.tick();
  }
  return told.filter(({ kind }) => kind === "status").length;
}

test("who begins to listen is told at once", () => {
  expect(told.map(({ kind }) => kind)).toEqual(["status"]);
});

test("while nothing happens only every second tick is told", () => {
  expect(ticks(1)).toBe(0);
  expect(ticks(1)).toBe(1);
  expect(ticks(10)).toBe(5);
});

test("news is told with the next tick, and compared with what was told last, not with what was seen last", () => {
  sample = { ...REST, pidsCurrent: 4 };
  expect(ticks(1)).toBe(1);
  expect(told).toMatchObject([{ sample: { pidsCurrent: 4 } }]);
  expect(ticks(1)).toBe(0);
});
