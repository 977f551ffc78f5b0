/** Limits that drifted from what is granted: changed live where that is safe, else with a restart. */
import type { LimitValues } from "../../model/desired.ts";
import type { FieldChange } from "../../model/step.ts";
import { limitChanges, pinnedChanges, updateReason } from "../drift.ts";
import type { Draft } from "./draft.ts";
import type { Situation } from "./situation.ts";

/**
 * The engine accepts a memory limit below what is used, and the kernel then kills. A fifth of headroom is left
 * for what grows between the sample (5 s old at most) and the change.
 */
const LIVE_DECREASE_BELOW = 0.8;

export type LimitRepair =
  | Readonly<{ kind: "none" }>
  | Readonly<{
      kind: "live" | "restart";
      limits: LimitValues;
      changes: readonly FieldChange[];
      cause: string;
      external: boolean;
    }>;

/** What is to happen to the limits of the kept container while it lives. */
export function limitRepair(situation: Situation): LimitRepair {
  const limits = situation.desired.container?.limits;
  const { inspected } = situation;
  if (limits === undefined || inspected === null) return { kind: "none" };
  const current = inspected.limits;
  const limited = limitChanges(current, limits);
  const pinned = pinnedChanges(inspected.pinned);
  if (limited.length + pinned.length === 0) return { kind: "none" };
  const used = situation.observed.memoryUsageBytes;
  const decrease = current.memoryBytes === 0 || limits.memoryBytes < current.memoryBytes;
  const safe = !decrease || (used !== null && used < LIVE_DECREASE_BELOW * limits.memoryBytes);
  const { cause, external } = updateReason(situation, limited, pinned);
  return {
    kind: safe ? "live" : "restart",
    limits,
    changes: [...limited, ...pinned],
    external,
    cause: safe
      ? cause
      : `${cause}, and memory use ${used === null ? "is unknown" : "is not below 80 % of it"}`,
  };
}

/** Sets the limits of a stopped container before its start: also when nobody knows what they are. */
export function presetLimits(
  draft: Draft,
  situation: Situation,
  after: readonly number[],
): readonly number[] {
  const { desired, kept, inspected } = situation;
  if (kept === null || desired.container === null) return after;
  const { limits } = desired.container;
  const limited = inspected === null ? [] : limitChanges(inspected.limits, limits);
  const pinned = inspected === null ? [] : pinnedChanges(inspected.pinned);
  const changes = [...limited, ...pinned];
  if (inspected !== null && changes.length === 0) return after;
  const reason =
    inspected === null
      ? { cause: "limits unknown: set before the start", external: false }
      : updateReason(situation, limited, pinned);
  const update = draft.add(
    { kind: "update-container", containerId: kept.id, limits },
    { resource: `container:${desired.project}`, ...reason, changes, after },
  );
  return [update];
}
