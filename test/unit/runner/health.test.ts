/** When an agent counts as healthy or ill: first success, failures in a row, start period, recovery. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HealthSpec } from "../../../src/model/agent.ts";
import { Clock } from "../../../src/runner/clock.ts";
import { HealthWatch } from "../../../src/runner/health.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Watches with these answers in turn (the last one for ever); returns what was told, each with its time. */
async function watch(
  answers: readonly boolean[],
  spec: Partial<HealthSpec>,
  forMs: number,
): Promise<Readonly<{ told: readonly string[]; checks: number }>> {
  const began = performance.now();
  const told: string[] = [];
  let checks = 0;
  const clock = new Clock({ monotonic: () => performance.now(), wall: () => Date.now() });
  clock.start();
  const tell = (what: string): void => {
    told.push(`${Math.round(performance.now() - began)} ${what}`);
  };
  const watching = new HealthWatch({
    spec: {
      command: ["x"],
      intervalMs: 5_000,
      timeoutMs: 100,
      retries: 2,
      startPeriodMs: 0,
      ...spec,
    },
    clock,
    check: async () => {
      const ok = answers[Math.min(checks, answers.length - 1)] ?? true;
      checks += 1;
      return { ok, reason: ok ? "" : "no" };
    },
    listener: { healthy: () => tell("healthy"), unhealthy: (reason) => tell(`ill: ${reason}`) },
  });
  await vi.advanceTimersByTimeAsync(forMs);
  watching.stop();
  clock.stop();
  const before = checks;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(checks).toBe(before);
  return { told, checks };
}

test("a healthy agent is told so at the first early look, and once", async () => {
  expect(await watch([true], {}, 21_000)).toEqual({ told: ["100 healthy"], checks: 5 });
});

test("the early look's failure does not count; then as many failures in a row as `retries` make it ill, told once", async () => {
  expect((await watch([false], {}, 60_000)).told).toEqual(["10100 ill: no"]);
});

test("a success in between sets the count back", async () => {
  expect((await watch([true, false, true, false, true], {}, 60_000)).told).toEqual(["100 healthy"]);
});

test("an ill agent that recovers is told healthy again", async () => {
  const { told } = await watch([true, false, false, true, true], {}, 60_000);
  expect(told).toEqual(["100 healthy", "10100 ill: no", "15100 healthy"]);
});

test("in the start period failures do not count and looks come each second", async () => {
  const slow = [...Array<boolean>(7).fill(false), true];
  expect(await watch(slow, { startPeriodMs: 10_000 }, 8_000)).toEqual({
    told: ["7100 healthy"],
    checks: 8,
  });
});
