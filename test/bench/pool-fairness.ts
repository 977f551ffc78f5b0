/** What strategies promise on saturated mixes, measured on the allocator itself: even shares, and waits within their bounds. */
import { STRATEGIES } from "../../src/plan/pool/strategies.ts";
import { longestGap, saturated, worstWindow } from "../support/fairness-window.ts";
import type { Row } from "./report.ts";

const GOAL = 0.98;
/** Pools of one slot up to those that ten times the weights would fill; below 14 slots dominant share needs longer windows. */
const BY_STARTS = [1, 3, 14, 16];
const BY_TIME = [14, 16];
const WEIGHTS = [1, 2, 4];
const DECISIONS = 400;

/** Deterministic: the same numbers on every machine. */
export function fairnessRows(): readonly Row[] {
  const starts = BY_STARTS.map(
    (slots) => worstWindow(STRATEGIES["weighted-round-robin"], slots).starts,
  );
  const times = BY_TIME.map((slots) => worstWindow(STRATEGIES["dominant-share"], slots).time);
  return [
    jainRow("weighted-round-robin: starts", starts),
    jainRow("dominant-share: slot time", times),
    waitRow(),
  ];
}

function jainRow(what: string, worst: readonly number[]): Row {
  const ours = Math.min(...worst);
  return {
    bench: "pool-fairness",
    what: `${what}, weights 1:2:4, unequal durations, worst window of 100 decisions (Jain)`,
    unit: "",
    ours,
    samples: worst,
    against: [{ name: "perfect", value: 1, samples: [1] }],
    goal: `≥ ${GOAL}`,
    met: ours >= GOAL,
  };
}

/** The bound is the one the property test holds for any weights: 2 × all weights / its own. */
function waitRow(): Row {
  const winners = saturated(WEIGHTS, DECISIONS);
  const sum = WEIGHTS.reduce((total, weight) => total + weight, 0);
  const shares = WEIGHTS.map((weight, at) => longestGap(winners, at) / ((2 * sum) / weight));
  const ours = Math.max(...shares);
  return {
    bench: "pool-wait",
    what: "weighted-round-robin: longest wait of any class between two turns, as a share of its proved bound",
    unit: "× the bound",
    ours,
    samples: shares,
    against: [{ name: "the bound", value: 1, samples: [1] }],
    goal: "≤ 1",
    met: ours <= 1,
    note: "the bound of `priority` (a summit that tasks age to) is a property test, strategies.property.test.ts",
  };
}
