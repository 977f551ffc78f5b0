/** What memory is taken right now: by live containers of ours, and by grants that a pass is still acting on. */
import type { InspectedContainer, ObservedContainer } from "../../model/observed.ts";
import type { Reservation } from "../../model/quota.ts";
import { isLive } from "../live.ts";

/** A grant in flight: made by this daemon's running passes, or left open by a predecessor's steps. */
export interface GrantInFlight {
  readonly project: string;
  readonly memoryBytes: number;
}

/**
 * One reservation a project: the larger of what its live containers have and what is being given to it, because a step
 * in flight may or may not have had its effect. A live container whose limit nobody could read counts as unknown.
 */
export function reservationsOf(
  containers: readonly ObservedContainer[],
  inspected: ReadonlyMap<string, InspectedContainer>,
  inFlight: readonly GrantInFlight[],
): readonly Reservation[] {
  const live = containers.filter(({ state }) => isLive(state));
  const projects = new Set([
    ...live.map(({ own }) => own.project),
    ...inFlight.map(({ project }) => project),
  ]);
  return [...projects].map((project) => {
    const mine = live.filter(({ own }) => own.project === project);
    const limits = mine.map(({ id }) => limitOf(inspected.get(id)));
    const granted = Math.max(
      0,
      ...inFlight
        .filter((grant) => grant.project === project)
        .map(({ memoryBytes }) => memoryBytes),
    );
    const running = limits.reduce<number | null>(
      (sum, limit) => (sum === null || limit === null ? null : sum + limit),
      0,
    );
    return {
      project,
      memoryBytes: running === null ? null : Math.max(running, granted),
      holder:
        mine.length === 0
          ? `a step in flight for ${project}`
          : mine.map(({ name }) => `container ${name}`).join(", "),
    };
  });
}

/** The engine says 0 for "no limit", which no budget can hold. */
function limitOf(inspected: InspectedContainer | undefined): number | null {
  return inspected === undefined || inspected.limits.memoryBytes === 0
    ? null
    : inspected.limits.memoryBytes;
}
