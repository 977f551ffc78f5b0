/** When an agent whose process ended may run again, and when it has had its chances. */
import { backoffMs, jittered } from "../base/backoff.ts";
import type { RestartPolicy } from "./agent.ts";

/** What the restart policy remembers of one replica. */
export interface RestartHistory {
  /** When failures happened that still count against the budget, oldest first; never longer than `max` + 1. */
  readonly failedAt: readonly number[];
  /** Short runs in a row; a stable run sets it back. */
  readonly consecutive: number;
}

export interface EndedRun {
  readonly startedAt: number;
  readonly endedAt: number;
  /** A code other than 0, any signal, or stopped because it was unhealthy. */
  readonly failed: boolean;
}

export type RestartVerdict =
  | Readonly<{ kind: "restart-now" }>
  | Readonly<{ kind: "wait"; until: number }>
  | Readonly<{ kind: "give-up"; reason: "policy" | "crash-loop"; failures: number }>;

export interface RestartDecision {
  readonly verdict: RestartVerdict;
  readonly history: RestartHistory;
}

export const FRESH_HISTORY: RestartHistory = { failedAt: [], consecutive: 0 };

/** A run this long has shown that the agent works, however short its backoff ceiling is. */
const STABLE_FLOOR_MS = 10_000;

/** `always` with a command that ends at once and well is no crash loop; it just must not spin. */
export const CLEAN_RESPAWN_MS = 1_000;

/** A run at least this long sets consecutive failures back: longer than any wait it could have been given. */
export function stableMs(policy: RestartPolicy): number {
  return Math.max(STABLE_FLOOR_MS, policy.backoffMaxMs);
}

/** Same run, history, policy and chance give the same decision. `policy.max` restarts after failures are allowed in any `windowMs`. */
export function restartDecision(
  ended: EndedRun,
  before: RestartHistory,
  options: Readonly<{ policy: RestartPolicy; chance: number }>,
): RestartDecision {
  const { policy, chance } = options;
  const stable = ended.endedAt - ended.startedAt >= stableMs(policy);
  const consecutive = stable ? 1 : before.consecutive + 1;
  const failedAt = recentFailures(ended, before, policy);
  const history = { failedAt, consecutive };
  if (!allows(policy, ended.failed)) return giveUp("policy", history);
  if (failedAt.length > policy.max) return giveUp("crash-loop", history);
  const full = jittered(backoffMs(policy.backoffMs, policy.backoffMaxMs, consecutive), chance);
  const wait = ended.failed || stable ? full : Math.max(CLEAN_RESPAWN_MS, full);
  return {
    verdict: wait === 0 ? { kind: "restart-now" } : { kind: "wait", until: ended.endedAt + wait },
    history,
  };
}

function allows(policy: RestartPolicy, failed: boolean): boolean {
  switch (policy.mode) {
    case "no":
      return false;
    case "on-failure":
      return failed;
    case "always":
      return true;
  }
}

/** Failures inside the window that ends with this run; one more than `max` is all it takes to know. */
function recentFailures(
  ended: EndedRun,
  before: RestartHistory,
  policy: RestartPolicy,
): readonly number[] {
  const all = ended.failed ? [...before.failedAt, ended.endedAt] : before.failedAt;
  return all.filter((at) => at > ended.endedAt - policy.windowMs).slice(-(policy.max + 1));
}

function giveUp(reason: "policy" | "crash-loop", history: RestartHistory): RestartDecision {
  return { verdict: { kind: "give-up", reason, failures: history.failedAt.length }, history };
}
