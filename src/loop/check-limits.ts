/** Limits as the kernel has them: compared with what was granted at every sample, and a mismatch that stays is a fault. */
import { limitValues } from "../desired/container.ts";
import type { RunnerReport } from "../model/observed.ts";
import { unenforced } from "../plan/enforced.ts";
import type { ProjectRow } from "../postgres/door.ts";
import type { Session } from "./session.ts";

export const NOT_ENFORCED = "loop.limits-not-enforced";
/** Two samples and a pass. */
const MISMATCH_GRACE_MS = 12_000;

/**
 * Limits are read back from the cgroup. A first mismatch may be a change that is just being made, or somebody else's:
 * the container is inspected again and a pass repairs it. One that outlives this is a fault with a name.
 */
export function checkLimits(report: RunnerReport, record: ProjectRow, session: Session): void {
  const { world } = session;
  const { project, sample } = report;
  const allocation = world.allocations.get(project);
  if (sample === null || allocation?.admitted !== true) return;
  const faults = unenforced(sample, limitValues(record.spec, allocation.memoryBytes));
  const before = world.mismatches.get(project);
  if (faults.length === 0) {
    world.mismatches.delete(project);
    if (world.faults.get(project)?.code === NOT_ENFORCED) world.faults.delete(project);
    return;
  }
  const since = before ?? sample.at;
  world.mismatches.set(project, since);
  if (sample.at - since >= MISMATCH_GRACE_MS) {
    const detail = faults.join("; ");
    world.faults.set(project, { passing: false, code: NOT_ENFORCED, detail, at: session.now() });
    return;
  }
  const live = session.relist
    .latest()
    ?.containers.find(({ own, state }) => own.project === project && state === "running");
  if (live !== undefined) session.inspections.forget(live.id);
  session.trigger(project, "limits differ");
}
