/** What `apply` would do with a bundle: every project planned on the state of one fresh look. Changes nothing. */
import { BerthError } from "../../base/errors.ts";
import { projectShape } from "../../declare/shape.ts";
import { desireProject } from "../../desired/desire.ts";
import { UNALLOCATED_SUBNET, UNSEEN_IMAGE, proposeRecord } from "../../desired/propose.ts";
import type { ImageDefaults } from "../../desired/runner-config.ts";
import type { Bundle } from "../../model/bundle.ts";
import type { DesiredProject } from "../../model/desired-project.ts";
import type { Declaration, ProjectSpec } from "../../model/project.ts";
import type { ProjectRecord } from "../../model/project-record.ts";
import type { Allocation, Demand } from "../../model/quota.ts";
import type { EngineSnapshot } from "../../model/observed.ts";
import type { PlanView, ProjectPlan } from "../../model/view.ts";
import { allocate, memoryBudget } from "../../plan/allocate/allocate.ts";
import { type Preview, previewFingerprint, previewProject } from "../../plan/preview.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import { wishesBy, wishToMeet } from "../../plan/meet.ts";
import { inspectOurs, reservedNow } from "../host-pass.ts";
import { sight } from "../plan-project.ts";
import { standOf } from "../idle.ts";
import { learnImage, learnInUse } from "../images.ts";
import type { Session } from "../session.ts";
import { readBundle, sourceOf } from "./read-bundle.ts";

/** Plans every project of the bundle, and those it would prune. */
export async function planBundle(
  bundle: Bundle,
  prune: boolean,
  session: Session,
): Promise<PlanView> {
  const { declaration } = readBundle(bundle, session);
  return planSet({ declaration, prune, source: sourceOf(bundle) }, session);
}

interface Proposed {
  readonly declaration: Declaration;
  readonly prune: boolean;
  /** Whose projects are unnamed where the declaration does not name them; null: everybody's. */
  readonly source: string | null;
}

/** Plans every project of a declaration, and those it would prune. */
export async function planSet(proposed: Proposed, session: Session): Promise<PlanView> {
  const { declaration, prune } = proposed;
  const { world } = session;
  const generation = world.generation + 1;
  const unnamed = unnamedBy(proposed, world.records);
  const proposals = new Map<string, ProjectRecord>();
  for (const row of world.records.values()) proposals.set(row.name, row);
  const propose = (name: string, spec: ProjectSpec | null): void => {
    const record = proposeRecord(world.records.get(name) ?? null, { name, spec, generation });
    if (record !== null) proposals.set(name, record);
  };
  for (const spec of Object.values(declaration.projects)) propose(spec.name, spec);
  if (prune) for (const name of unnamed) propose(name, null);

  const snapshot = await session.relist.fresh();
  const allocations = await allocateProposed({ proposals, declaration, snapshot }, session);
  const names = [...Object.keys(declaration.projects), ...(prune ? unnamed : [])].toSorted();
  const previews = await Promise.all(
    names.map((name) =>
      previewOne(name, { declaration, proposals, allocations, snapshot }, session),
    ),
  );
  return {
    baseGeneration: world.generation,
    fingerprint: previewFingerprint(previews),
    projects: previews.map(partOf),
    unnamed,
    changes: previews.some(({ change }) => change !== "none"),
  };
}

function unnamedBy(
  { declaration, source }: Proposed,
  rows: ReadonlyMap<string, ProjectRow>,
): readonly string[] {
  return [...rows.values()]
    .filter(
      (row) =>
        (source === null || row.source === source) &&
        row.declared &&
        declaration.projects[row.name] === undefined,
    )
    .map(({ name }) => name);
}

/** What the daemon has yet to do for one project, to bring it from how it is to what was accepted. Changes nothing. */
export async function planPending(row: ProjectRow, session: Session): Promise<ProjectPlan> {
  const { world } = session;
  const declaration = { host: world.host, projects: { [row.name]: row.spec } };
  const proposals = new Map<string, ProjectRecord>(world.records);
  const snapshot = await session.relist.fresh();
  const allocations = await allocateProposed({ proposals, declaration, snapshot }, session);
  const ground = { declaration, proposals, allocations, snapshot };
  return partOf(await previewOne(row.name, ground, session));
}

function partOf({ project, change, fields, plan, waiting }: Preview): ProjectPlan {
  return { project, change, fields, steps: plan.steps, waiting };
}

async function allocateProposed(
  { proposals, declaration, snapshot }: Omit<Ground, "allocations">,
  session: Session,
): Promise<ReadonlyMap<string, Allocation>> {
  const { reserved, incumbents } = reservedNow(await inspectOurs(snapshot, session), session);
  const demands: Demand[] = [];
  for (const { name, spec, wanted } of proposals.values()) {
    if (wanted === "active" || wanted === "frozen")
      demands.push({
        project: name,
        priority: spec.priority,
        memoryBytes: spec.limits.memoryBytes,
        incumbent: incumbents.has(name),
      });
  }
  const granted = allocate(demands, reserved, memoryBudget(declaration.host, session.world.facts));
  return new Map(granted.map((allocation) => [allocation.project, allocation]));
}

interface Ground {
  readonly declaration: Declaration;
  readonly proposals: ReadonlyMap<string, ProjectRecord>;
  readonly allocations: ReadonlyMap<string, Allocation>;
  readonly snapshot: EngineSnapshot;
}

async function previewOne(name: string, ground: Ground, session: Session): Promise<Preview> {
  const { world } = session;
  const record = ground.proposals.get(name);
  if (record === undefined)
    throw new BerthError("defect", {
      code: "loop.proposal-missing",
      detail: `no proposal for ${name}`,
    });
  const before = world.records.get(name) ?? null;
  const image = await learnImage(record.spec.image, session);
  const row = before ?? phantom(record);
  const grounds = { image, subnet: record.subnet ?? UNALLOCATED_SUBNET, owner: null };
  const observed = await sight({ record: row, grounds, snapshot: ground.snapshot }, session);
  const running = await learnInUse(name, observed.containers, session);
  const by = desiring(record, ground, session);
  const wishes = wishesBy({ declared: image ?? UNSEEN_IMAGE, running }, by);
  const after = ground.declaration.projects[name] ?? null;
  return previewProject({
    before: before === null || !before.declared ? null : projectShape(before.spec),
    after: after === null ? null : projectShape(after),
    desired: wishToMeet(wishes, observed),
    observed,
  });
}

/** What a proposal is to be, by its image. */
function desiring(
  record: ProjectRecord,
  { allocations }: Ground,
  { world }: Session,
): (image: ImageDefaults | null) => DesiredProject {
  const facts = {
    allocation: allocations.get(record.name) ?? null,
    // Who owns a path is looked up on acceptance; for a preview any owner but root does.
    workspaceOwner: world.owners.get(record.name) ?? { uid: 1, gid: 1 },
    idle: standOf(record.name, world),
  };
  return (image) => desireProject(record, world.install, { image, ...facts });
}

/** A row for a project that has none yet. */
function phantom(record: ProjectRecord): ProjectRow {
  return { ...record, source: "", declared: true, phaseSince: 0, bornAt: 0, journalSeq: 0 };
}
