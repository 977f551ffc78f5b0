/** Orphans: objects of ours whose project nobody has recorded. They are stopped, and removed after a grace; volumes never. */
import type { EngineSnapshot, ObservedContainer, OwnLabels } from "../model/observed.ts";
import type { Step } from "../model/step.ts";
import { createDraft, type Draft } from "./converge/draft.ts";
import { isLive } from "./live.ts";

/** Nobody knows the grace of an unrecorded project's agents: what a generous one would be. */
const ORPHAN_STOP_MS = 30_000;
const CAUSE = "orphan: no such project is recorded";

type Owned = Readonly<{ own: OwnLabels }>;

export interface OrphanFacts {
  readonly install: Readonly<{ install: string; installUid: string; epoch: number }>;
  /** Every project with a row, whatever its phase: those are the project pass's. */
  readonly projects: ReadonlySet<string>;
  readonly now: number;
  /** How long an orphan is kept before it is removed. */
  readonly graceMs: number;
  /** When each orphan (by id) was first seen as one: the `firstSeen` of the verdict before. */
  readonly firstSeen: ReadonlyMap<string, number>;
  /** An operator said yes (`apply --adopt`, `gc --yes`): lifts the guard against mass removal. */
  readonly confirmed: boolean;
}

export interface Orphan {
  readonly id: string;
  readonly name: string;
  readonly what: "container" | "network";
  readonly project: string | null;
}

interface Seen {
  readonly orphans: readonly Orphan[];
  /** Keep it for the next look; what is no longer an orphan is no longer in it. */
  readonly firstSeen: ReadonlyMap<string, number>;
}

export type OrphanVerdict =
  | (Seen & Readonly<{ kind: "plan"; steps: readonly Step[] }>)
  /** More than half of our objects would be orphans: rather a lost database than lost projects, so nothing is touched. */
  | (Seen & Readonly<{ kind: "mass-orphans"; detail: string }>);

/** The project name under which orphan steps are journalled; no project can be called so. */
export const ORPHANS = "@orphans";

/** Steps for what no record names. Networks count as objects too; volumes are neither counted nor ever removed. */
export function planOrphans(snapshot: EngineSnapshot, facts: OrphanFacts): OrphanVerdict {
  const ours = ({ own }: Owned): boolean =>
    own.install === facts.install.install && own.installUid === facts.install.installUid;
  const stray = ({ own }: Owned): boolean =>
    own.project === null || !facts.projects.has(own.project);
  // An errand (no project label) says nothing about a lost database: it is neither counted nor does it raise the guard.
  const ofProjects = [...snapshot.containers, ...snapshot.networks]
    .filter(ours)
    .filter(({ own }) => own.project !== null);
  const lost = ofProjects.filter(stray).length;
  const containers = snapshot.containers.filter(ours).filter(stray);
  const networks = snapshot.networks.filter(ours).filter(stray);
  const orphans: readonly Orphan[] = [
    ...containers.map(({ id, name, own }) => ({
      id,
      name,
      what: "container" as const,
      project: own.project,
    })),
    ...networks.map(({ id, name, own }) => ({
      id,
      name,
      what: "network" as const,
      project: own.project,
    })),
  ];
  const firstSeen = new Map(orphans.map(({ id }) => [id, facts.firstSeen.get(id) ?? facts.now]));
  const seen = { orphans, firstSeen };
  if (lost * 2 > ofProjects.length && !facts.confirmed) {
    const detail = `${lost} of ${ofProjects.length} objects of this install belong to no recorded project`;
    return { kind: "mass-orphans", detail, ...seen };
  }
  // Nobody waits for an errand of an earlier epoch: its leader is gone, or may do nothing any more.
  const abandoned = ({ own }: Owned): boolean =>
    own.project === null && own.epoch !== null && own.epoch < facts.install.epoch;
  const due = (one: Owned & Readonly<{ id: string }>): boolean =>
    abandoned(one) || facts.now - (firstSeen.get(one.id) ?? facts.now) >= facts.graceMs;
  const draft = createDraft(ORPHANS, 0, []);
  const removed = new Map(
    containers.map((container) => [container.id, retireOrphan(draft, container, due(container))]),
  );
  for (const network of networks) {
    // A network goes after the containers on it, so not before those are due.
    const users = containers
      .filter(({ networkIds }) => networkIds.includes(network.id))
      .map(({ id }) => removed.get(id) ?? null);
    if (!due(network) || users.includes(null)) continue;
    draft.add(
      { kind: "remove-network", networkId: network.id },
      {
        resource: `network:${network.name}`,
        cause: `${CAUSE}, and its grace is over`,
        after: users.filter((id) => id !== null),
      },
    );
  }
  return { kind: "plan", steps: draft.finish().steps, ...seen };
}

/**
 * Without a project label it may be an errand of ours that is still at work, so before it is due it is spared.
 * Returns the removal's id, or null when it is not removed in this plan.
 */
function retireOrphan(draft: Draft, container: ObservedContainer, due: boolean): number | null {
  if (container.state === "removing" || (container.own.project === null && !due)) return null;
  const containerId = container.id;
  const detail = { resource: `container:${container.name}`, cause: CAUSE };
  let after: readonly number[] = [];
  if (isLive(container.state)) {
    if (container.state === "paused")
      after = [draft.add({ kind: "thaw-container", containerId }, detail)];
    after = [
      draft.add(
        { kind: "stop-container", containerId, graceMs: graceOf(container) },
        { ...detail, impact: "restart", after },
      ),
    ];
  }
  if (!due) return null;
  return draft.add(
    { kind: "remove-container", containerId },
    { ...detail, cause: `${CAUSE}, and its grace is over`, after },
  );
}

/** An errand has nothing to finish that anybody waits for. */
function graceOf({ own }: ObservedContainer): number {
  return own.project === null ? 0 : ORPHAN_STOP_MS;
}
