/** Taking a container away: thaw, stop, remove, in that order and each only where it is needed. */
import type { ObservedContainer } from "../../model/observed.ts";
import { isLive } from "../live.ts";
import type { Draft, StepDetail } from "./draft.ts";
import type { Situation } from "./situation.ts";

export interface Retirement {
  readonly situation: Situation;
  readonly container: ObservedContainer;
  readonly detail: Omit<StepDetail, "resource">;
}

/** Stops the container if it lives; returns what the next step comes after. A frozen one is thawed first: it cannot obey. */
export function haltContainer(
  draft: Draft,
  { situation, container, detail }: Retirement,
): readonly number[] {
  if (!isLive(container.state)) return detail.after ?? [];
  const resource = `container:${situation.desired.project}`;
  const containerId = container.id;
  const first = { ...detail, resource };
  const thawed =
    container.state === "paused"
      ? [
          draft.add(
            { kind: "thaw-container", containerId },
            { ...first, cause: `${detail.cause}: thaw before the stop`, changes: [] },
          ),
        ]
      : first.after;
  const stop = draft.add(
    { kind: "stop-container", containerId, graceMs: situation.desired.stopGraceMs },
    { ...first, after: thawed ?? [], impact: "restart", interrupts: situation.inside },
  );
  return [stop];
}

/** Stops and removes the container; returns the id of the removal, after which its name is free. */
export function retireContainer(draft: Draft, retirement: Retirement): number {
  const { situation, container, detail } = retirement;
  const after = haltContainer(draft, retirement);
  return draft.add(
    { kind: "remove-container", containerId: container.id },
    {
      resource: `container:${situation.desired.project}`,
      cause: detail.cause,
      external: detail.external ?? false,
      changes: isLive(container.state) ? [] : (detail.changes ?? []),
      impact: "restart",
      after,
    },
  );
}

/** Removes every container but the kept one; returns the removals, which everything else comes after. */
export function retireExtras(draft: Draft, situation: Situation): readonly number[] {
  return situation.extras.map((container) =>
    retireContainer(draft, {
      situation,
      container,
      detail: { cause: `second container of the project (${container.name})` },
    }),
  );
}
