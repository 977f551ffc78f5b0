/** Orphans: objects of ours whose project nobody has recorded. They are stopped, and removed after a grace; volumes never. */
import type {
  EngineSnapshot,
  ObservedContainer,
  ObservedNetwork,
  OwnLabels,
} from "../model/observed.ts";
import type { Plan } from "../model/step.ts";
import { createDraft, type Draft } from "./converge/draft.ts";
import { isLive } from "./live.ts";

/** Nobody knows the grace of an unrecorded project's agents: what a generous one would be. */
const ORPHAN_GRACE_MS = 30_000;

export interface OrphanFacts {
  readonly install: string;
  readonly installUid: string;
  readonly now: number;
  /** How long an orphan is kept before it is removed. */
  readonly graceMs: number;
  /** When each orphan's id was first seen as one; the caller keeps it between passes, `orphans` below says which. */
  readonly firstSeen: ReadonlyMap<string, number>;
  /** An operator said yes (`apply --adopt`, `gc --yes`): lifts the guard against mass removal. */
  readonly allowMass: boolean;
}

export interface OrphanVerdict {
  /** `mass-orphans`: more than half of our objects would be orphans, which is rather a lost database than lost projects. */
  readonly kind: "none" | "orphans" | "mass-orphans";
  readonly orphans: readonly Readonly<{
    id: string;
    name: string;
    what: "container" | "network";
    project: string | null;
  }>[];
  /** One plan a project; empty while the guard holds. */
  readonly plans: readonly Plan[];
}

/** `recorded` names every project with a row, whatever its phase: those are the project pass's. */
export function planOrphans(
  snapshot: EngineSnapshot,
  recorded: ReadonlySet<string>,
  facts: OrphanFacts,
): OrphanVerdict {
  const ours = ({ own }: { readonly own: OwnLabels }): boolean =>
    own.install === facts.install && own.installUid === facts.installUid;
  const stray = ({ own }: { readonly own: OwnLabels }): boolean =>
    own.project === null || !recorded.has(own.project);
  const containers = snapshot.containers.filter(ours);
  const networks = snapshot.networks.filter(ours);
  const strayContainers = containers.filter(stray);
  const strayNetworks = networks.filter(stray);
  const orphans = [
    ...strayContainers.map(({ id, name, own }) => ({
      id,
      name,
      what: "container" as const,
      project: own.project,
    })),
    ...strayNetworks.map(({ id, name, own }) => ({
      id,
      name,
      what: "network" as const,
      project: own.project,
    })),
  ];
  if (orphans.length === 0) return { kind: "none", orphans, plans: [] };
  if (orphans.length * 2 > containers.length + networks.length && !facts.allowMass)
    return { kind: "mass-orphans", orphans, plans: [] };
  const projects = [...new Set(orphans.map(({ project }) => project ?? ""))].toSorted();
  const plans = projects.map((project) => {
    const mine = ({ own }: { readonly own: OwnLabels }): boolean => (own.project ?? "") === project;
    return planProject(
      project,
      { containers: strayContainers.filter(mine), networks: strayNetworks.filter(mine) },
      facts,
    );
  });
  return { kind: "orphans", orphans, plans: plans.filter(({ steps }) => steps.length > 0) };
}

function planProject(
  project: string,
  objects: Readonly<{
    containers: readonly ObservedContainer[];
    networks: readonly ObservedNetwork[];
  }>,
  facts: OrphanFacts,
): Plan {
  const draft = createDraft(project, 0, []);
  const due = ({ id }: { readonly id: string }): boolean =>
    facts.now - (facts.firstSeen.get(id) ?? facts.now) >= facts.graceMs;
  const removed = objects.containers.flatMap((container) =>
    retireOrphan(draft, container, due(container)),
  );
  // A network goes with the last container on it, so not before every container of the project is due.
  if (objects.containers.every(due)) {
    for (const network of objects.networks.filter(due)) {
      draft.add(
        { kind: "remove-network", networkId: network.id },
        {
          resource: `network:${network.name}`,
          cause: "orphan: no such project is recorded",
          after: removed,
        },
      );
    }
  }
  return draft.finish();
}

/**
 * Without a project label it may be a helper of ours that is still at work, so before the grace is over it is spared.
 * Returns the removal's id, if there is one.
 */
function retireOrphan(draft: Draft, container: ObservedContainer, due: boolean): readonly number[] {
  if (container.state === "removing" || (container.own.project === null && !due)) return [];
  const containerId = container.id;
  const detail = {
    resource: `container:${container.name}`,
    cause: "orphan: no such project is recorded",
  };
  let after: readonly number[] = [];
  if (isLive(container.state)) {
    if (container.state === "paused")
      after = [draft.add({ kind: "thaw-container", containerId }, detail)];
    after = [
      draft.add(
        { kind: "stop-container", containerId, graceMs: ORPHAN_GRACE_MS },
        { ...detail, impact: "restart", after },
      ),
    ];
  }
  if (!due) return [];
  return [
    draft.add(
      { kind: "remove-container", containerId },
      { ...detail, cause: `${detail.cause}, and its grace is over`, after },
    ),
  ];
}
