/** A run's health as its plan says: well at once where nothing is asked, and asked anew only when another plan asks otherwise. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HealthSpec } from "../../../src/model/agent.ts";
import type { AgentPlan } from "../../../src/model/agent-plan.ts";
import { Clock } from "../../../src/runner/clock.ts";
import { RunHealth } from "../../../src/runner/run-health.ts";
import { agentSpec } from "../../support/declarations.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SPEC: HealthSpec = {
  command: ["ask"],
  intervalMs: 5_000,
  timeoutMs: 100,
  retries: 1,
  startPeriodMs: 0,
};
const planOf = (health: HealthSpec | null): AgentPlan => ({
  spec: agentSpec("a", { health }),
  generation: 1,
  identity: { ok: true, identity: { uid: 1, gid: 1, groups: [] } },
  cwd: "/",
  argv: [],
  environment: { A: "1" },
  fingerprint: "",
  policy: "",
});

function healthOf(answer: () => boolean) {
  const told: string[] = [];
  const clock = new Clock({ monotonic: () => performance.now(), wall: () => Date.now() });
  clock.start();
  const health = new RunHealth({
    name: { run: "r1", agent: "a", replica: 2 },
    room: {
      clock,
      journal: { append: ({ kind }) => told.push(`journal ${kind}`) },
      check: async ({ argv, environment }) => {
        told.push(`${argv.join(" ")} ${Object.keys(environment).toSorted().join(" ")}`);
        return { ok: answer(), reason: "no" };
      },
    },
    become: (state, reason) => told.push(`${state} ${reason}`),
    fellIll: () => told.push("ill"),
  });
  const toldSince = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return told.splice(0);
  };
  return { health, toldSince };
}
const ASKED = "ask A BERTH_REPLICA BERTH_RUN_ID";

test("without a command it is ready at once, and stays so while the plan says nothing else", async () => {
  const { health, toldSince } = healthOf(() => true);
  health.follow(planOf(null));
  health.follow(planOf(null));
  expect(await toldSince(60_000)).toEqual(["journal ready", "running null"]);
});

test("the same command is not begun anew, another one is; the old one is asked no more", async () => {
  const { health, toldSince } = healthOf(() => true);
  health.follow(planOf(SPEC));
  expect(await toldSince(100)).toEqual([
    "starting waiting for its health command to pass",
    ASKED,
    "journal ready",
    "running null",
  ]);
  health.follow(planOf({ ...SPEC }));
  expect(await toldSince(5_000)).toEqual([ASKED]);
  health.follow(planOf(null));
  expect(await toldSince(60_000)).toEqual(["journal ready", "running null"]);
});

test("an illness is journalled before anybody acts on it, and nothing is asked after the end", async () => {
  const { health, toldSince } = healthOf(() => false);
  health.follow(planOf(SPEC));
  expect((await toldSince(5_100)).slice(2)).toEqual([
    ASKED,
    "journal unhealthy",
    "unhealthy no",
    "ill",
  ]);
  health.stop();
  expect(await toldSince(60_000)).toEqual([]);
});
