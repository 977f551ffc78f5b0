/** The failure breaker: what opens it, how long it stays open, and what the probe decides. */
import { expect, test } from "vitest";
import {
  BREAKER_RULES,
  breakerAfter,
  breakerAt,
  breakerProbe,
  breakerReason,
  breakerStarts,
  CLOSED,
} from "../../../../src/plan/pool/breaker.ts";
import type { Breaker } from "../../../../src/model/breaker.ts";
import type { BreakerEvent } from "../../../../src/plan/pool/breaker.ts";

const { coolDownMs, coolDownMaxMs, failures } = BREAKER_RULES;

function failed(failureClass = "exit 1", task = "t"): BreakerEvent {
  return { kind: "failed", task, failureClass };
}

function after(breaker: Breaker, events: readonly BreakerEvent[], now = 0): Breaker {
  return events.reduce((state, event) => breakerAfter(state, event, { now }), breaker);
}

const opened = after(
  CLOSED,
  Array.from({ length: failures }, () => failed()),
);

test("repeated failures of one class open it; new work waits and the reason says what failed", () => {
  expect(breakerStarts(after(CLOSED, [failed(), failed(), failed(), failed()]), 0)).toBe(Infinity);
  expect(opened).toEqual({ kind: "open", failureClass: "exit 1", until: coolDownMs, coolDownMs });
  expect(breakerStarts(opened, coolDownMs - 1)).toBe(0);
  expect(breakerReason(opened, 10_000)).toBe("breaker open for 20s more: exit 1");
});

test("a success, or failures of another class, start the count again", () => {
  const four = [failed(), failed(), failed(), failed()];
  const success: BreakerEvent = { kind: "succeeded", task: "t" };
  expect(after(CLOSED, [...four, success, ...four]).kind).toBe("closed");
  expect(after(CLOSED, [...four, failed("oom"), ...four]).kind).toBe("closed");
  expect(after(CLOSED, [...four, { kind: "inconclusive", task: "t" }, failed()]).kind).toBe("open");
});

test("a clock set back does not keep it open for longer than it cools down", () => {
  expect(breakerStarts(opened, -3_600_000)).toBe(1);
  expect(breakerStarts(opened, 0)).toBe(0);
});

test("while it is open, tasks that were still running change nothing", () => {
  const events: BreakerEvent[] = [failed(), { kind: "succeeded", task: "t" }];
  expect(after(opened, events, coolDownMs - 1)).toEqual(opened);
});

test("after the cool-down one task may try, and only that one decides", () => {
  expect(breakerStarts(opened, coolDownMs)).toBe(1);
  const probing = after(opened, [{ kind: "started", task: "probe" }], coolDownMs);
  expect(breakerStarts(probing, coolDownMs)).toBe(0);
  expect(breakerReason(probing, coolDownMs)).toContain("waiting for task probe");
  expect(breakerProbe(probing, coolDownMs)).toBe("probe");
  expect(breakerProbe(opened, coolDownMs)).toBeNull();
  expect(after(probing, [failed("exit 1", "older")], coolDownMs)).toEqual(probing);
  expect(after(probing, [{ kind: "succeeded", task: "probe" }], coolDownMs)).toEqual(CLOSED);
});

test("a failed probe opens it for twice as long, up to the bound", () => {
  let breaker: Breaker = opened;
  let now = 0;
  const lengths: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    if (breaker.kind !== "open") break;
    now = breaker.until;
    breaker = after(breaker, [{ kind: "started", task: "probe" }, failed("exit 1", "probe")], now);
    if (breaker.kind === "open") lengths.push(breaker.until - now);
  }
  expect(lengths.slice(0, 3)).toEqual([2 * coolDownMs, 4 * coolDownMs, 8 * coolDownMs]);
  expect(lengths.at(-1)).toBe(coolDownMaxMs);
});

test("a probe that is cancelled or lost lets the next task try", () => {
  const probing = after(opened, [{ kind: "started", task: "probe" }], coolDownMs);
  const again = after(probing, [{ kind: "inconclusive", task: "probe" }], coolDownMs);
  expect(breakerStarts(again, coolDownMs)).toBe(1);
});

test("it survives being written down at any state", () => {
  const probing = after(opened, [{ kind: "started", task: "probe" }], coolDownMs);
  for (const breaker of [CLOSED, opened, breakerAt(opened, coolDownMs), probing])
    expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
});
