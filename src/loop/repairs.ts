/** How long a container that keeps dying waits for its next start: its agents' own restart policy cannot help it. */
import type { ObservedProject } from "../model/observed-project.ts";
import type { Outcome, Plan } from "../model/step.ts";
import { diedOfMemory } from "../plan/drift.ts";
import { standOf } from "./idle.ts";
import type { Session } from "./session.ts";

/** A container that ran this long counts as stable: its next death is repaired at once. */
const STABLE_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** Milliseconds until this plan's repair may begin; 0 when it may now. */
export function repairDelayMs(plan: Plan, observed: ObservedProject, session: Session): number {
  if (repairIn(plan, observed, session) === -1) return 0;
  const now = session.now();
  const { count, lastAt } = lately(plan.project, session);
  // The first two repairs are immediate: one death is an accident, and so may be a second.
  const waitMs = count < 2 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 2));
  const remaining = lastAt + waitMs - now;
  if (remaining <= 0) return 0;
  const cause = observed.inspected.some(diedOfMemory) ? ", last because memory ran out" : "";
  session.world.faults.set(plan.project, {
    passing: false,
    code: "loop.container-dying",
    detail: `its container died ${count} times of late${cause}; next start in ${Math.ceil(remaining / 1000)} s`,
    at: now,
  });
  return remaining;
}

export interface Acted {
  readonly plan: Plan;
  readonly observed: ObservedProject;
  readonly outcomes: readonly Outcome[];
}

/** Counts the repair that was made: one that the engine or the database refused comes again, and is no other death. */
export function countRepair({ plan, observed, outcomes }: Acted, session: Session): void {
  if (outcomes[repairIn(plan, observed, session)]?.kind !== "done") return;
  const { count } = lately(plan.project, session);
  session.world.repairs.set(plan.project, { count: count + 1, lastAt: session.now() });
}

/** Which of the steps starts a container that died; -1 when none does. */
function repairIn(plan: Plan, observed: ObservedProject, session: Session): number {
  // What we stopped ourselves for want of work did not die.
  if (standOf(plan.project, session.world)?.kind === "waking") return -1;
  const exited = new Set(
    observed.containers.filter(({ state }) => state === "exited").map(({ id }) => id),
  );
  return plan.steps.findIndex(
    (step) =>
      step.kind === "start-container" && step.containerId !== null && exited.has(step.containerId),
  );
}

function lately(project: string, session: Session): Readonly<{ count: number; lastAt: number }> {
  const before = session.world.repairs.get(project);
  if (before === undefined) return { count: 0, lastAt: 0 };
  const now = session.now();
  // A clock that was set back since must not keep a container down for as long.
  if (before.lastAt > now) {
    const counted = { ...before, lastAt: now };
    session.world.repairs.set(project, counted);
    return counted;
  }
  return now - before.lastAt < STABLE_MS ? before : { count: 0, lastAt: 0 };
}
