/** From a project's record and one snapshot to its plan: gather, desire, observe, converge. */
import type { DesiredProject } from "../model/desired-project.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { EngineSnapshot } from "../model/observed.ts";
import type { Plan } from "../model/step.ts";
import { observeProject } from "../observe/project.ts";
import { converge } from "../plan/converge/converge.ts";
import { wishesBy, wishToMeet } from "../plan/meet.ts";
import type { ImageFacts } from "../docker/door.ts";
import type { ProjectRow } from "../postgres/door.ts";
import { standOf } from "./idle.ts";
import { learnImage, learnInUse } from "./images.ts";
import { desireRemembered } from "./remembered.ts";
import type { Session } from "./session.ts";
import { verifyFirewall } from "./upkeep.ts";
import { ownerOfWorkspace } from "./workspace-owner.ts";

/** Facts a project's desired state needs beyond its record. */
export interface Grounds {
  readonly image: ImageFacts | null;
  readonly subnet: string | null;
  readonly owner: Readonly<{ uid: number; gid: number }> | null;
}

/** What is known without asking anybody: enough for a look that acts on nothing. */
export function knownGrounds(record: ProjectRow, session: Session): Grounds {
  return {
    image: session.world.images.get(record.spec.image) ?? null,
    subnet: record.subnet,
    owner: session.world.owners.get(record.name) ?? null,
  };
}

/** Looks up what is missing: the image's facts, the workspace's owner, a subnet (which is allocated, durably). */
export async function groundsOf(record: ProjectRow, session: Session): Promise<Grounds> {
  const { world, doors } = session;
  const needed =
    record.wanted === "active" || record.wanted === "frozen" || record.wanted === "stopped";
  if (!needed) return knownGrounds(record, session);
  await learnImage(record.spec.image, session);
  if (record.spec.workspace.kind === "path" && !world.owners.has(record.name)) {
    world.owners.set(record.name, await ownerOfWorkspace(record.spec.workspace.path, session));
  }
  if (record.spec.network.egress === "open" && !world.firewallVerified)
    await verifyFirewall(session);
  if (record.subnet === null && world.allocations.get(record.name)?.admitted === true) {
    world.hostRoutes ??= await session.hostRoutes();
    const subnet = await doors.postgres.allocateSubnet({
      epoch: world.install.epoch,
      project: record.name,
      pool: world.host.networkPool,
      avoid: [...world.hostRoutes, ...foreignSubnets(session), ...world.badSubnets],
    });
    const current = world.records.get(record.name);
    if (current !== undefined) world.records.set(record.name, { ...current, subnet });
    return { ...knownGrounds(record, session), subnet };
  }
  return knownGrounds(record, session);
}

function foreignSubnets(session: Session): readonly string[] {
  const { install, installUid } = session.world.install;
  const networks = session.relist.latest()?.networks ?? [];
  return networks.flatMap(({ own, subnet }) =>
    subnet === null || (own.install === install && own.installUid === installUid) ? [] : [subnet],
  );
}

/** A project and one look at it. */
export interface Subject {
  readonly record: ProjectRow;
  readonly grounds: Grounds;
  readonly snapshot: EngineSnapshot;
}

export interface Planned {
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
  readonly plan: Plan;
}

/**
 * Plans one project. The allocation is read after everything has been awaited and the memory it grants is put into
 * `acting` in the same turn, so that no host pass can grant it a second time in between.
 */
export async function planProject(subject: Subject, session: Session): Promise<Planned> {
  const { record } = subject;
  const observed = await sight(subject, session);
  const running = await learnInUse(record.name, observed.containers, session);
  const planned = planFrom({ ...subject, observed, running }, session);
  if (
    planned.plan.steps.some(
      ({ kind }) =>
        kind === "create-container" || kind === "start-container" || kind === "update-container",
    )
  ) {
    const granted = session.world.allocations.get(record.name);
    if (granted?.admitted === true) session.world.acting.set(record.name, granted.memoryBytes);
    session.world.starting.add(record.name);
  }
  session.world.waiting.set(record.name, planned.plan.waiting);
  return planned;
}

/** A project as observed, and what is known of the image its container runs on. */
export interface Sighted extends Omit<Subject, "snapshot"> {
  readonly observed: ObservedProject;
  readonly running: ImageFacts | null;
}

/** Desire and converge over an observation: pure but for reading the leader's memory. */
export function planFrom(
  { record, grounds, observed, running }: Sighted,
  session: Session,
): Planned {
  const { world } = session;
  const allocation = world.allocations.get(record.name) ?? null;
  // Only where one was allocated during this very pass do they differ.
  const subject = record.subnet === grounds.subnet ? record : { ...record, subnet: grounds.subnet };
  const facts = { allocation, workspaceOwner: grounds.owner, idle: standOf(record.name, world) };
  const by = (image: ImageFacts | null): DesiredProject =>
    desireRemembered(subject, world.install, { image, ...facts });
  const desired = wishToMeet(wishesBy({ declared: grounds.image, running }, by), observed);
  return { desired, observed, plan: converge(desired, observed) };
}

/** By name, each once. */
function workersAt(project: string, { desk }: Session): readonly string[] {
  const runs = [...(desk?.runs.values() ?? [])].filter((run) => run.project === project);
  return [...new Set(runs.map(({ agent }) => agent))].toSorted();
}

/** What is observed of one project in this snapshot. */
export function sight(
  { record, grounds, snapshot }: Subject,
  session: Session,
): Promise<ObservedProject> {
  const { world, doors, inspections } = session;
  const project = record.name;
  return observeProject({
    project,
    install: world.install.install,
    installUid: world.install.installUid,
    snapshot,
    inspect: (id) => inspections.of(id),
    appliedLimits: (id) => world.applied.get(id) ?? null,
    known: {
      runner: doors.runners.report(project),
      runnerConnected: doors.runners.connected(project),
      spoolReady: world.spools.has(project),
      firewallVerified: world.firewallVerified,
      diskLow: world.diskLow,
      imageKnown: grounds.image !== null,
      workers: workersAt(project, session),
      hasOpenRuns: world.openRuns.has(project),
      subnet: grounds.subnet,
    },
  });
}
