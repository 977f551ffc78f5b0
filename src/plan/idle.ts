/** When a project without work is frozen or stopped, and when it is woken. */
import type { IdleSpec, Rest } from "../model/idle.ts";

export interface IdleSight {
  /** Undefined: it runs on without work. */
  readonly spec: IdleSpec | undefined;
  /** What counts as work now, for people; null: there is none. */
  readonly work: string | null;
  /** When there was work last, milliseconds since the epoch. */
  readonly workedAt: number;
  /** Null: it is not at rest. */
  readonly rest: Rest | null;
}

export type IdleVerdict =
  | Readonly<{ kind: "stay" }>
  | Readonly<{ kind: "rest"; rest: Rest }>
  | Readonly<{ kind: "wake"; why: string }>;

const STAY: IdleVerdict = { kind: "stay" };

/**
 * Work always wakes. Without work, rest only ever deepens: who is frozen is not thawed because `freeze_after` has grown, who is
 * stopped is not started only to be frozen. A project that may not rest any more is woken.
 */
export function idleVerdict({ spec, work, workedAt, rest }: IdleSight, now: number): IdleVerdict {
  if (work !== null) return rest === null ? STAY : { kind: "wake", why: work };
  if (spec === undefined)
    return rest === null ? STAY : { kind: "wake", why: "it is not declared to rest" };
  const since = rest?.since ?? workedAt;
  const idleMs = now - since;
  const due = (afterMs: number | null): boolean => afterMs !== null && idleMs >= afterMs;
  if (rest?.kind !== "stopped" && due(spec.stopAfterMs))
    return { kind: "rest", rest: { kind: "stopped", since } };
  if (rest === null && due(spec.freezeAfterMs))
    return { kind: "rest", rest: { kind: "frozen", since } };
  return STAY;
}
