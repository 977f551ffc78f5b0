/** A breaker for a project's or an agent's failures: repeated ones of the same class hold back new work for a while. */
import type { Breaker } from "../../model/breaker.ts";

export interface BreakerRules {
  /** Failures of one class in a row that open it. */
  readonly failures: number;
  readonly coolDownMs: number;
  /** The cool-down doubles with every failed probe up to this. */
  readonly coolDownMaxMs: number;
}

/** Five in a row are no accident; half a minute lets a dependency come back. Guesses. */
export const BREAKER_RULES: BreakerRules = {
  failures: 5,
  coolDownMs: 30_000,
  coolDownMaxMs: 1_800_000,
};

export const CLOSED: Breaker = { kind: "closed", failureClass: null, failures: 0 };

export type BreakerEvent =
  | Readonly<{ kind: "started"; task: string }>
  | Readonly<{ kind: "succeeded"; task: string }>
  | Readonly<{ kind: "failed"; task: string; failureClass: string }>
  /** Ended without saying anything about the work: cancelled, lost with its container. */
  | Readonly<{ kind: "inconclusive"; task: string }>;

/** As it is at `now`: an open one whose cool-down is over is half-open, and so is one that a clock set back would keep open for longer. */
export function breakerAt(breaker: Breaker, now: number): Breaker {
  if (breaker.kind !== "open") return breaker;
  const { failureClass, coolDownMs, until } = breaker;
  if (now < until && until - now <= coolDownMs) return breaker;
  return { kind: "half-open", failureClass, probe: null, coolDownMs };
}

/** How many more tasks may start: all, none, or one probe. */
export function breakerStarts(breaker: Breaker, now: number): number {
  const current = breakerAt(breaker, now);
  if (current.kind === "closed") return Infinity;
  return current.kind === "half-open" && current.probe === null ? 1 : 0;
}

/** The task a half-open one waits for; null: none. */
export function breakerProbe(breaker: Breaker, now: number): string | null {
  const current = breakerAt(breaker, now);
  return current.kind === "half-open" ? current.probe : null;
}

/**
 * The breaker after an event.
 * - closed: a failure of another class starts the count again, a success ends it; `failures` of one class open it.
 * - open: tasks that were running when it opened change nothing, however they end.
 * - half-open: the first task started is the probe. Its success closes, its failure opens for twice as long, an
 *   inconclusive end lets the next one be the probe.
 */
export function breakerAfter(
  breaker: Breaker,
  event: BreakerEvent,
  { now, rules = BREAKER_RULES }: Readonly<{ now: number; rules?: BreakerRules }>,
): Breaker {
  const current = breakerAt(breaker, now);
  switch (current.kind) {
    case "closed":
      return whileClosed(current, event, { now, rules });
    case "open":
      return current;
    case "half-open": {
      if (event.kind === "started")
        return current.probe === null ? { ...current, probe: event.task } : current;
      if (event.task !== current.probe) return current;
      if (event.kind === "succeeded") return CLOSED;
      if (event.kind === "inconclusive") return { ...current, probe: null };
      const coolDownMs = Math.min(2 * current.coolDownMs, rules.coolDownMaxMs);
      const { failureClass } = event;
      return { kind: "open", failureClass, until: now + coolDownMs, coolDownMs };
    }
  }
}

function whileClosed(
  current: Extract<Breaker, { kind: "closed" }>,
  event: BreakerEvent,
  { now, rules }: Readonly<{ now: number; rules: BreakerRules }>,
): Breaker {
  if (event.kind === "succeeded") return CLOSED;
  if (event.kind !== "failed") return current;
  const { failureClass } = event;
  const failures = current.failureClass === failureClass ? current.failures + 1 : 1;
  if (failures < rules.failures) return { kind: "closed", failureClass, failures };
  const { coolDownMs } = rules;
  return { kind: "open", failureClass, until: now + coolDownMs, coolDownMs };
}

/** For people: what it waits for; null when closed. */
export function breakerReason(breaker: Breaker, now: number): string | null {
  const current = breakerAt(breaker, now);
  switch (current.kind) {
    case "closed":
      return null;
    case "open":
      return `breaker open for ${Math.ceil((current.until - now) / 1000)}s more: ${current.failureClass}`;
    case "half-open":
      return current.probe === null
        ? `breaker half-open: one task may try (${current.failureClass})`
        : `breaker half-open: waiting for task ${current.probe} (${current.failureClass})`;
  }
}
