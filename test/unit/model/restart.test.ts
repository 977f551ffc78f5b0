/** The restart policy: who comes back, after how long, and who has had its chances. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RestartPolicy } from "../../../src/model/agent.ts";
import {
  CLEAN_RESPAWN_MS,
  FRESH_HISTORY,
  restartDecision,
  stableMs,
} from "../../../src/model/restart.ts";
import type { EndedRun, RestartDecision } from "../../../src/model/restart.ts";

const POLICY: RestartPolicy = {
  mode: "on-failure",
  max: 3,
  windowMs: 60_000,
  backoffMs: 100,
  backoffMaxMs: 20_000,
};

/** Runs of these lengths one after another, each begun as soon as the policy allows. */
function live(policy: RestartPolicy, lengths: readonly number[], failed = true): RestartDecision[] {
  const decisions: RestartDecision[] = [];
  let [now, history] = [1_000_000, FRESH_HISTORY];
  for (const length of lengths) {
    const ended: EndedRun = { startedAt: now, endedAt: now + length, failed };
    const decision = restartDecision(ended, history, { policy, chance: 0 });
    decisions.push(decision);
    history = decision.history;
    now = decision.verdict.kind === "wait" ? decision.verdict.until : ended.endedAt;
  }
  return decisions;
}

const kinds = (decisions: readonly RestartDecision[]): readonly string[] =>
  decisions.map(({ verdict }) => (verdict.kind === "give-up" ? verdict.reason : verdict.kind));

test("`no` never restarts, `on-failure` only failures, `always` both", () => {
  expect(kinds(live({ ...POLICY, mode: "no" }, [1]))).toEqual(["policy"]);
  expect(kinds(live(POLICY, [1], false))).toEqual(["policy"]);
  expect(kinds(live(POLICY, [1]))).toEqual(["wait"]);
  expect(kinds(live({ ...POLICY, mode: "always" }, [1], false))).toEqual(["wait"]);
});

test("waits double from the first, and the failure after `max` restarts within the window is a crash loop", () => {
  const decisions = live(POLICY, [5, 5, 5, 5]);
  expect(kinds(decisions)).toEqual(["wait", "wait", "wait", "crash-loop"]);
  const ends = [1_000_005, 1_000_110, 1_000_315];
  const untils = decisions.flatMap(({ verdict }) =>
    verdict.kind === "wait" ? [verdict.until] : [],
  );
  expect(untils.map((until, index) => until - (ends[index] ?? 0))).toEqual([100, 200, 400]);
});

test("no backoff means at once", () => {
  expect(kinds(live({ ...POLICY, backoffMs: 0 }, [0, 0, 0]))).toEqual([
    "restart-now",
    "restart-now",
    "restart-now",
  ]);
});

test("failures older than the window no longer count", () => {
  const decisions = live({ ...POLICY, windowMs: 10_000 }, Array<number>(20).fill(4_000));
  expect(kinds(decisions)).not.toContain("crash-loop");
});

test("a stable run sets the wait back to the first", () => {
  const policy = { ...POLICY, max: 100 };
  const decisions = live(policy, [1, 1, 1, stableMs(policy)]);
  expect(decisions.map(({ history }) => history.consecutive)).toEqual([1, 2, 3, 1]);
});

test("`always` with a command that ends well at once neither spins nor counts as a crash loop", () => {
  const policy = { ...POLICY, mode: "always" as const, backoffMs: 0, max: 0 };
  for (const { verdict } of live(policy, Array<number>(50).fill(1), false))
    expect(verdict.kind).toBe("wait");
  const [first] = live(policy, [1], false);
  expect(first?.verdict).toEqual({ kind: "wait", until: 1_000_001 + CLEAN_RESPAWN_MS });
});

const anyPolicy = fc.record({
  mode: fc.constantFrom("no" as const, "on-failure" as const, "always" as const),
  max: fc.nat(10),
  windowMs: fc.integer({ min: 1, max: 1e6 }),
  backoffMs: fc.nat(10_000),
  backoffMaxMs: fc.nat(100_000),
});
const anyLengths = fc.array(fc.nat(200_000), { maxLength: 60 });

test("in any life: at most `max` restarts per window, history bounded, and no wait above the ceiling", () => {
  fc.assert(
    fc.property(anyPolicy, anyLengths, (policy, lengths) => {
      let failures: number[] = [];
      let at = 1_000_000;
      for (const [index, decision] of live(policy, lengths).entries()) {
        const endedAt = at + (lengths[index] ?? 0);
        failures = [...failures, endedAt].filter((time) => time > endedAt - policy.windowMs);
        expect(decision.history.failedAt.length).toBeLessThanOrEqual(policy.max + 1);
        const { verdict } = decision;
        const wait = verdict.kind === "wait" ? verdict.until - endedAt : 0;
        expect(verdict.kind === "give-up" || failures.length <= policy.max).toBe(true);
        expect(wait).toBeLessThanOrEqual(policy.backoffMaxMs);
        at = decision.verdict.kind === "wait" ? decision.verdict.until : endedAt;
      }
    }),
  );
});

test("moving the clock moves the verdict by as much and changes nothing else", () => {
  fc.assert(
    fc.property(anyPolicy, fc.nat(1e9), fc.nat(1e6), (policy, shift, length) => {
      const decide = (from: number): RestartDecision =>
        restartDecision({ startedAt: from, endedAt: from + length, failed: true }, FRESH_HISTORY, {
          policy,
          chance: 0.5,
        });
      const [here, there] = [decide(1e9).verdict, decide(1e9 + shift).verdict];
      const moved = here.kind === "wait" ? { ...here, until: here.until + shift } : here;
      expect(there).toEqual(moved);
    }),
  );
});
