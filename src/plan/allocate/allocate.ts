/** Admission: who may run with how much memory, host-wide, so that the sum of limits never exceeds the budget. */
import { showBytes } from "../../model/amount.ts";
import type { Allocation, Demand, Reservation } from "../../model/quota.ts";
import type { EngineFacts } from "../../model/observed.ts";
import type { HostSpec } from "../../model/project.ts";

/** What limits may add up to: the host's memory without its reserve, times the overcommit factor. */
export function memoryBudget(
  host: Pick<HostSpec, "reserve" | "overcommit">,
  facts: Pick<EngineFacts, "memoryBytes">,
): number {
  return Math.max(0, Math.floor((facts.memoryBytes - host.reserve.memoryBytes) * host.overcommit));
}

/**
 * INVARIANTS
 * - Everything reserved stays reserved: nothing that runs is preempted, and a decrease frees memory only once it is done.
 * - What is granted here beyond that fits into what is left of the budget.
 * - Higher priority chooses first, then who has a container, then the name. A smaller project of lower priority may use
 *   what a larger one before it could not: idle memory helps nobody, and the larger one is told what it waits for.
 *
 * Only memory is admitted by sum. CPU limits are ceilings over time-shared cores: contention there is settled by weight.
 */
export function allocate(
  demands: readonly Demand[],
  reserved: readonly Reservation[],
  budgetBytes: number,
): readonly Allocation[] {
  const unknown = reserved.find(({ memoryBytes }) => memoryBytes === null);
  const taken = reserved.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0);
  let freeBytes = Math.max(0, budgetBytes - taken);
  return demands.toSorted(inOrder).map((demand) => {
    const heldBytes = heldBy(demand.project, reserved);
    const more = demand.memoryBytes - heldBytes;
    if (more <= 0) return granted(demand, demand.memoryBytes, null);
    if (unknown === undefined && more <= freeBytes) {
      freeBytes -= more;
      return granted(demand, demand.memoryBytes, null);
    }
    const waiting =
      unknown === undefined
        ? `capacity: needs ${showBytes(more)}${heldBytes > 0 ? " more" : ""}, ${showBytes(freeBytes)} free of ${showBytes(budgetBytes)}`
        : `capacity: the memory limit of ${holderFor(demand, unknown)} is unknown`;
    return heldBytes > 0
      ? granted(demand, heldBytes, waiting)
      : { project: demand.project, admitted: false, memoryBytes: 0, waiting };
  });
}

/** Who waits may see this project alone: another one's container is not named to it. */
function holderFor({ project }: Demand, unknown: Reservation): string {
  return unknown.project === project ? unknown.holder : "a container outside this project";
}

function granted(demand: Demand, memoryBytes: number, waiting: string | null): Allocation {
  return { project: demand.project, admitted: true, memoryBytes, waiting };
}

function heldBy(project: string, reserved: readonly Reservation[]): number {
  return reserved.reduce(
    (sum, holding) => sum + (holding.project === project ? (holding.memoryBytes ?? 0) : 0),
    0,
  );
}

function inOrder(a: Demand, b: Demand): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.incumbent !== b.incumbent) return a.incumbent ? -1 : 1;
  return a.project < b.project ? -1 : 1;
}
