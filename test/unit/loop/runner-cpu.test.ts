/** What runners tell of CPU: known while they are heard, and kept of nobody who is gone. */
import { expect, test } from "vitest";
import { listenToRunners } from "../../../src/loop/runner-listener.ts";
import type { DaemonState } from "../../../src/loop/state.ts";
import type { RunnerReport } from "../../../src/model/observed.ts";
import { readyReport } from "../../support/runner-report.ts";
import { sampleAt } from "../../support/measured.ts";

const heard = (at: number, cpuUsageMs: number): RunnerReport => ({
  ...readyReport("web"),
  sample: { ...sampleAt(at), at, cpuUsageMs },
});

test("CPU use is known from the second sample on, and no longer when the runner is lost", () => {
  const maps = { cpuPercent: new Map<string, number>(), lastSample: new Map<string, object>() };
  // Nobody leads: nothing else of the daemon has a part in it.
  const listener = listenToRunners({ session: null, ...maps } as unknown as DaemonState);
  listener.onReport(heard(1_000, 100));
  expect(maps.cpuPercent.has("web")).toBe(false);
  listener.onReport(heard(2_000, 350));
  expect(maps.cpuPercent.get("web")).toBe(25);
  listener.onConnected("web", false);
  expect([maps.cpuPercent.size, maps.lastSample.size]).toEqual([0, 0]);
});
