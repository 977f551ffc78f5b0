/** Drift: what differs from desired although nobody here changed it, and the words for it. */
import { showBytes, showCpus } from "../model/amount.ts";
import type { LimitValues } from "../model/desired.ts";
import type { InspectedContainer, ObservedContainer } from "../model/observed.ts";
import { AS_CREATED, type PinnedValues } from "../model/pinned.ts";
import type { FieldChange, Plan, Step } from "../model/step.ts";
import type { Situation } from "./converge/situation.ts";

/** Why a step is needed, and whether somebody else made it so. */
export interface Reason {
  readonly cause: string;
  readonly external: boolean;
}

const FIELDS: readonly Readonly<{
  key: keyof LimitValues;
  name: string;
  show: (value: number) => string;
}>[] = [
  { key: "memoryBytes", name: "memory", show: showBytes },
  { key: "nanoCpus", name: "cpus", show: showCpus },
  { key: "pids", name: "pids", show: String },
  { key: "cpuShares", name: "cpu_shares", show: String },
];

const PINNED: readonly Readonly<{ field: string; show: (values: PinnedValues) => string }>[] = [
  {
    field: "swap",
    show: ({ swapBytes }) =>
      swapBytes === null ? "unlimited" : swapBytes === 0 ? "none" : showBytes(swapBytes),
  },
  { field: "restart_policy", show: ({ restartPolicy }) => restartPolicy },
  { field: "cpuset", show: ({ cpuset }) => cpuset ?? "all" },
  {
    field: "memory_reservation",
    show: ({ reservationBytes }) => (reservationBytes === 0 ? "none" : showBytes(reservationBytes)),
  },
];

/** The steps of a plan that repair what somebody else did. */
export function driftOf(plan: Plan): readonly Step[] {
  return plan.steps.filter(({ external }) => external);
}

/** Limits that differ, as the plan shows them. */
export function limitChanges(from: LimitValues, to: LimitValues): readonly FieldChange[] {
  return FIELDS.filter(({ key }) => from[key] !== to[key]).map(({ key, name, show }) => ({
    field: `limits.${name}`,
    from: show(from[key]),
    to: show(to[key]),
  }));
}

/** What is no longer as it was created and can be changed back in place: nobody here changes it, so somebody else did. */
export function pinnedChanges(from: PinnedValues): readonly FieldChange[] {
  return PINNED.map(({ field, show }) => ({
    field,
    from: show(from),
    to: show(AS_CREATED),
  })).filter((change) => change.from !== change.to);
}

/** Why limits are set: those that differ, and what else somebody changed. */
export function updateReason(
  situation: Situation,
  limits: readonly FieldChange[],
  pinned: readonly FieldChange[],
): Reason {
  if (pinned.length === 0) return limitReason(situation, limits);
  const others = pinned.map(({ field, from, to }) => `${field} changed externally ${to} → ${from}`);
  const own = limits.length === 0 ? [] : [limitReason(situation, limits).cause];
  return { cause: [...own, ...others].join(", "), external: true };
}

/**
 * Limits carry no trace of who set them. Somebody else did if we ourselves last set just what is desired now; after a
 * restart of the daemon, if the project was settled and its container is of the generation that is desired now.
 */
function limitReason(situation: Situation, changes: readonly FieldChange[]): Reason {
  const { desired, observed, kept } = situation;
  const { appliedLimits } = observed;
  const limits = desired.container?.limits;
  const external =
    appliedLimits !== null && limits !== undefined
      ? limitChanges(appliedLimits, limits).length === 0
      : situation.settled && kept?.own.generation === desired.generation;
  const words = changes.map(({ field, from, to }) => {
    const name = field.replace("limits.", "");
    return external
      ? `${name} limit changed externally ${to} → ${from}`
      : `${name} limit ${from} → ${to}`;
  });
  return { cause: words.join(", "), external };
}

/** The flag tells of any kill inside, also one that the container outlived: its main process died of one only with 137. */
export function diedOfMemory({ oomKilled, exitCode }: InspectedContainer): boolean {
  return oomKilled && exitCode === 137;
}

/** Why a container that is to run does not. */
export function stoppedReason(
  situation: Situation,
  container: ObservedContainer,
  inspected: InspectedContainer | null,
): Reason {
  const { idle } = situation.desired;
  if (idle?.kind === "waking") return { cause: `woken: ${idle.why}`, external: false };
  if (container.state === "created") return { cause: "created, not started yet", external: false };
  if (!situation.settled) return { cause: "project is to run", external: false };
  const exit = inspected?.exitCode ?? null;
  if (inspected !== null && diedOfMemory(inspected))
    return { cause: "its main process died when memory ran out", external: false };
  // tini passes the signal of `docker stop` or `docker kill` on; only these codes can come from outside.
  const signalled = exit === null || exit === 0 || exit === 137 || exit === 143;
  if (signalled)
    return {
      cause: exit === null ? "stopped externally" : `stopped externally (exit ${exit})`,
      external: true,
    };
  return { cause: `its main process exited with ${exit}`, external: false };
}

/** Why a container that is to run is frozen. */
export function frozenReason({ desired, settled }: Situation): Reason {
  if (desired.idle?.kind === "waking")
    return { cause: `woken: ${desired.idle.why}`, external: false };
  return settled
    ? { cause: "paused externally", external: true }
    : { cause: "project is to run", external: false };
}

/** Why a container that is to rest runs: it has just become idle, or somebody else woke it. */
export function restlessReason(situation: Situation, external: string, own: string): Reason {
  const { idle } = situation.desired;
  return idle?.kind === "resting"
    ? { cause: idle.why, external: false }
    : externalIfSettled(situation, external, own);
}

/** Why something that should exist does not: taken away, or not made yet. */
export function missingReason(situation: Situation, what: "container" | "network"): Reason {
  return situation.settled
    ? { cause: `${what} removed externally`, external: true }
    : { cause: `no ${what}`, external: false };
}

/** A reason for what only somebody else can have done once the project was settled. */
export function externalIfSettled(situation: Situation, external: string, own: string): Reason {
  return situation.settled ? { cause: external, external: true } : { cause: own, external: false };
}
