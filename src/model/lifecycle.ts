/** The project lifecycle: which phases exist and which moves are legal; the same table guards the database. */

/** What the operator wants of a project; written by verbs, read by `desired`. */
export type Wanted = "active" | "frozen" | "stopped" | "inactive" | "completed" | "removed";

/** Where a project is. `-ing` phases are transitional: the daemon is still making it so. `removed` is the end. */
export const PHASES = [
  "inactive",
  "activating",
  "active",
  "pausing",
  "paused",
  "resuming",
  "completing",
  "completed",
  "deactivating",
  "removing",
  "removed",
] as const;
export type Phase = (typeof PHASES)[number];

/** The one transition table. An operator may change their mind at any time, so transitional phases reach each other. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  inactive: ["activating", "completing", "removing"],
  activating: ["active", "pausing", "completing", "deactivating", "removing"],
  active: ["activating", "pausing", "completing", "deactivating", "removing"],
  pausing: ["paused", "resuming", "activating", "completing", "deactivating", "removing"],
  paused: ["resuming", "pausing", "completing", "deactivating", "removing"],
  resuming: ["active", "pausing", "completing", "deactivating", "removing"],
  completing: ["completed", "activating", "deactivating", "removing"],
  completed: ["activating", "deactivating", "removing"],
  deactivating: ["inactive", "activating", "completing", "removing"],
  removing: ["removed"],
  removed: [],
};

/** Whether a project may move from one phase to another; staying is always legal. */
export function mayMove(from: Phase, to: Phase): boolean {
  return from === to || TRANSITIONS[from].includes(to);
}

/** The transitional phase that begins when `wanted` is written in phase `from`, or null if nothing is to change. */
export function phaseOnIntent(from: Phase, wanted: Wanted): Phase | null {
  const target = settledPhase(wanted);
  if (from === target) return wanted === "frozen" || wanted === "stopped" ? "pausing" : null;
  switch (wanted) {
    case "active":
      return from === "paused" || from === "pausing" || from === "resuming"
        ? "resuming"
        : "activating";
    case "frozen":
    case "stopped":
      return "pausing";
    case "completed":
      return "completing";
    case "inactive":
      return "deactivating";
    case "removed":
      return "removing";
  }
}

/** The phase of a project of which something else is asked than before: one that had arrived is on its way again. */
export function phaseOnChange(from: Phase, wanted: Wanted): Phase {
  return wanted === "active" && from === "active" ? "activating" : from;
}

/** The stable phase reached once the world is as `wanted` asks. */
export function settledPhase(wanted: Wanted): Phase {
  switch (wanted) {
    case "active":
      return "active";
    case "frozen":
    case "stopped":
      return "paused";
    case "completed":
      return "completed";
    case "inactive":
      return "inactive";
    case "removed":
      return "removed";
  }
}
