/** How long a container that keeps dying waits for its next start: its agents' own restart policy cannot help it. */
import type { ObservedProject } from "../model/observed-project.ts";
import type { Plan } from "../model/step.ts";
import { diedOfMemory } from "../plan/drift.ts";
import { standOf } from "./idle.ts";
import type { Session } from "./session.ts";

/** A container that ran this long counts as stable: its next death is repaired at once. */
const STABLE_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** Milliseconds until this plan's repair may begin; 0 when it may now (and then the repair is counted). */
export function repairDelayMs(plan: Plan, observed: ObservedProject, session: Session): number {
  const exited = new Set(
    observed.containers.filter(({ state }) => state === "exited").map(({ id }) => id),
  );
  const repair = plan.steps.some(
    (step) =>
      step.kind === "start-container" && step.containerId !== null && exited.has(step.containerId),
  );
  // What we stopped ourselves for want of work did not die.
  if (!repair || standOf(plan.project, session.world)?.kind === "waking") return 0;
  const now = session.now();
  const before = session.world.repairs.get(plan.project);
  const lately =
    before !== undefined && now - before.lastAt < STABLE_MS ? before : { count: 0, lastAt: 0 };
  // The first two repairs are immediate: one death is an accident, and so may be a second.
  const waitMs =
    lately.count < 2 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (lately.count - 2));
  const remaining = lately.lastAt + waitMs - now;
  if (remaining > 0) {
    const cause = observed.inspected.some(diedOfMemory) ? ", last because memory ran out" : "";
    session.world.faults.set(plan.project, {
      passing: false,
      code: "loop.container-dying",
      detail: `its container died ${lately.count} times of late${cause}; next start in ${Math.ceil(remaining / 1000)} s`,
      at: now,
    });
    return remaining;
  }
  session.world.repairs.set(plan.project, { count: lately.count + 1, lastAt: now });
  return 0;
}
