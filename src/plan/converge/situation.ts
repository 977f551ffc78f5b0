/** The situation of one project: which of its observed objects are kept, which are too many, what is ours to explain. */
import { settledPhase } from "../../model/lifecycle.ts";
import type { DesiredProject } from "../../model/desired-project.ts";
import type {
  InspectedContainer,
  ObservedContainer,
  ObservedNetwork,
} from "../../model/observed.ts";
import type { ObservedProject } from "../../model/observed-project.ts";
import { isLive } from "../live.ts";

export interface Situation {
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
  /** The one container that may stay; null when there is none. */
  readonly kept: ObservedContainer | null;
  readonly inspected: InspectedContainer | null;
  /** More containers of the project: these go first. */
  readonly extras: readonly ObservedContainer[];
  /** Already being removed by the engine: nothing can be done with them but wait. */
  readonly leaving: readonly ObservedContainer[];
  readonly network: ObservedNetwork | null;
  readonly extraNetworks: readonly ObservedNetwork[];
  /** The project was where it was to be: what differs now was done by somebody else. */
  readonly settled: boolean;
  /** Services with a process now. */
  readonly runningAgents: readonly string[];
  /** These, and workers at a task: a step that takes the container down interrupts them. Other steps let tasks end. */
  readonly inside: readonly string[];
}

/** Sorts what was seen; the same observation gives the same choice whatever its order. */
export function situationOf(desired: DesiredProject, observed: ObservedProject): Situation {
  const present = observed.containers.filter(({ state }) => state !== "removing");
  const ranked = present.toSorted(
    (a, b) =>
      rank(b, desired) - rank(a, desired) || b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1),
  );
  const kept = ranked[0] ?? null;
  const networks = observed.networks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const network = networks.find(({ name }) => name === desired.objectName) ?? null;
  const services = agentsIn(desired, observed);
  return {
    desired,
    observed,
    kept,
    inspected: observed.inspected.find(({ id }) => id === kept?.id) ?? null,
    extras: ranked.slice(1),
    leaving: observed.containers
      .filter(({ state }) => state === "removing")
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    network,
    extraNetworks: networks.filter(({ id }) => id !== network?.id),
    settled: desired.phase === settledPhase(desired.wanted),
    runningAgents: services,
    inside: [...new Set([...services, ...observed.workers])].toSorted(),
  };
}

/** The right name counts most (only one can have it), then the right spec, then that it lives. */
function rank(container: ObservedContainer, desired: DesiredProject): number {
  const named = container.name === desired.objectName ? 4 : 0;
  const fits = container.own.specHash === desired.container?.specHash ? 2 : 0;
  return named + fits + (isLive(container.state) ? 1 : 0);
}

/** What the runner reported, or all that are declared when it said nothing yet. */
function agentsIn(desired: DesiredProject, observed: ObservedProject): readonly string[] {
  const running = observed.runner?.agents
    .filter(({ pid }) => pid !== null)
    .map(({ agent }) => agent);
  const declared = desired.runnerConfig?.agents
    .filter(({ replicas }) => replicas > 0)
    .map(({ name }) => name);
  return [...new Set(running ?? declared ?? [])].toSorted();
}
