/** Accepting declarations: apply, roll back, take down. */
import { BerthError } from "../../base/errors.ts";
import type { ApplyView } from "../../model/view.ts";
import type { AcceptResult, Asker, KeyedAsker, ProjectRow } from "../../postgres/door.ts";
import type { ApplyOptions } from "../daemon.ts";
import { succeeded } from "../failed.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";
import { askerName } from "../../model/access.ts";
import { settledPhase } from "../../model/lifecycle.ts";
import { readRecords } from "../world.ts";
import { intend } from "./intents.ts";
import { planBundle } from "./plan-view.ts";
import { readBundle, sourceOf } from "./read-bundle.ts";
import { projectViews } from "./views.ts";

export async function applyBundle(options: ApplyOptions, state: DaemonState): Promise<ApplyView> {
  const session = leading(state);
  const { world, doors } = session;
  const { declaration } = readBundle(options.bundle, session);
  if (options.expected !== null) await refuseIfMoved(options.expected, options, session);
  if (options.adopt) world.orphansConfirmed = true;
  const before = momentOf(world);
  const accepted = await doors.postgres.accept({
    epoch: world.install.epoch,
    source: sourceOf(options.bundle),
    bundle: options.bundle,
    declaration,
    prune: options.prune,
    expectedGeneration: options.expected?.generation ?? null,
    by: options.by,
    rollbackOf: null,
    idempotencyKey: options.idempotencyKey,
  });
  return took(accepted, Object.keys(declaration.projects), { state, before, by: options.by });
}

/** A plan holds only while nothing has moved: neither what is declared nor what it would do. */
async function refuseIfMoved(
  expected: NonNullable<ApplyOptions["expected"]>,
  options: ApplyOptions,
  session: Session,
): Promise<void> {
  const now = await planBundle(options.bundle, options.prune, session);
  if (now.baseGeneration === expected.generation && now.fingerprint === expected.fingerprint)
    return;
  throw new BerthError("conflict", {
    code: "loop.plan-stale",
    detail:
      now.baseGeneration === expected.generation
        ? "what the plan would do has changed since it was made"
        : `generation ${now.baseGeneration} was accepted since the plan was made against ${expected.generation}`,
    hint: "run `berth plan` again and look at what it says now",
  });
}

/** Where all is as declared the engine is looked at once more all the same, but whoever waits for the answer has it first. */
const NOTHING_TO_DO_MS = 100;

interface Took {
  readonly state: DaemonState;
  readonly before: Moment;
  readonly by: Asker;
}

/** What follows once a declaration is accepted: its projects are gone after. */
export async function took(
  accepted: AcceptResult,
  declared: readonly string[],
  { state, before, by }: Took,
): Promise<ApplyView> {
  const session = leading(state);
  const { world, doors, outbox } = session;
  await readRecords(world, doors.postgres);
  const projects = unsettled([...declared, ...accepted.pruned], state);
  // Asking again is a reason to try again, and what failed before says nothing about this try.
  for (const project of projects) {
    for (const map of [world.refused, world.faults, world.owners]) map.delete(project);
    succeeded(project, session);
  }
  if (world.generation !== before.generation) {
    outbox.add({
      project: null,
      kind: "declaration.accepted",
      cause: "operator",
      message: `generation ${world.generation} accepted`,
      fields: { generation: world.generation, by: askerName(by) },
    });
    void outbox.flush();
  }
  session.triggerHost("declaration", projects.length > 0 ? 0 : NOTHING_TO_DO_MS);
  // More slots, other limits, another strategy: what waits may start now.
  session.desk?.dispatch();
  return {
    generation: accepted.generation,
    changed: accepted.changed,
    unnamed: accepted.unnamed,
    pruned: accepted.pruned,
    ...changeOf(accepted, [...declared, ...accepted.pruned], { before, now: world.records }),
    projects,
  };
}

interface Moment {
  readonly generation: number;
  readonly records: ReadonlyMap<string, ProjectRow>;
}

/** What is in force right now, to tell afterwards what an acceptance changed. */
export function momentOf({ generation, records }: Session["world"]): Moment {
  return { generation, records: new Map(records) };
}

/** Which projects are declared otherwise than before (or woken, or put to rest), and which of them take that up later. */
function changeOf(
  { changed, generation }: AcceptResult,
  names: readonly string[],
  { before, now }: Readonly<{ before: Moment; now: Moment["records"] }>,
): Pick<ApplyView, "changedProjects" | "deferred"> {
  // By generation too: what a repeat tells was done before it.
  const redeclared = (name: string): boolean => changed && now.get(name)?.generation === generation;
  const changedProjects = names
    .filter(
      (name) => redeclared(name) || before.records.get(name)?.wanted !== now.get(name)?.wanted,
    )
    .toSorted();
  const isAside = (name: string): boolean => {
    const wanted = now.get(name)?.wanted;
    return wanted === "frozen" || wanted === "stopped" || wanted === "completed";
  };
  return { changedProjects, deferred: changedProjects.filter(isAside) };
}

/** Those that are not yet where they are to be, or that somebody has to look at. */
function unsettled(names: readonly string[], state: DaemonState): readonly string[] {
  const arrived = new Set(
    projectViews(state)
      .filter(
        ({ phase, wanted, health }) =>
          phase === settledPhase(wanted) &&
          (health === "healthy" || health === "frozen" || health === "stopped"),
      )
      .map(({ name }) => name),
  );
  return names.filter((name) => !arrived.has(name));
}

/** Wants every project (of one source) inactive; returns their names. Workspaces stay. */
export async function takeDown(
  request: Readonly<{ source: string | null; by: KeyedAsker }>,
  state: DaemonState,
): Promise<readonly string[]> {
  const session = leading(state);
  const names = [...session.world.records.values()]
    .filter(
      ({ source, wanted }) =>
        wanted !== "removed" && (request.source === null || source === request.source),
    )
    .map(({ name }) => name);
  const key = request.by.idempotencyKey ?? null;
  for (const project of names) {
    await intend(
      { project, by: request.by, idempotencyKey: key === null ? null : `down ${key} ${project}` },
      { kind: "wanted", wanted: "inactive", removeVolumes: false },
      state,
    );
  }
  return names;
}
