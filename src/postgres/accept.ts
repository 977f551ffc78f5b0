/** Accepting a declaration: a new generation, its projects written, all or nothing. */
import { canonicalJson } from "../base/hash.ts";
import { BerthError } from "../base/errors.ts";
import type { Declaration } from "../model/project.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { AcceptRequest, AcceptResult, ProjectRow } from "./door.ts";
import { mergeProjects } from "./merge.ts";
import type { Merge } from "./merge.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

type Current = Readonly<{ generation: number; declaration: Declaration | null }>;

/** See `PostgresDoor.accept`. Accepts take turns (exclusive fence), so generations are numbered without a gap. */
export async function accept(session: Session, request: AcceptRequest): Promise<AcceptResult> {
  const { epoch, idempotencyKey, ...body } = request;
  return session.write({ operation: "accept", epoch, fence: "exclusive" }, (tx) =>
    answeredOnce(tx, { key: idempotencyKey, body }, () => acceptIn(tx, request)),
  );
}

/** The newest accepted declaration; generation 0 before the first. */
export async function currentDeclaration(tx: Statements): Promise<Current> {
  const [row] = await tx.rows<{ generation: number; declaration: Declaration }>(
    "generation-current",
  );
  return row ?? { generation: 0, declaration: null };
}

async function acceptIn(tx: Statements, request: AcceptRequest): Promise<AcceptResult> {
  // Asked together, answered in this order: the projects are read under their locks.
  const [current, , rows] = await Promise.all([
    currentDeclaration(tx),
    tx.rows("project-lock-all"),
    tx.rows<ProjectRow & Record<string, unknown>>("project-list", [null]),
  ]);
  if (request.expectedGeneration !== null && request.expectedGeneration !== current.generation)
    throw generationMoved(request.expectedGeneration, current.generation);
  const merge = mergeProjects(rows, {
    source: request.source,
    whole: request.rollbackOf !== null,
    sources: request.sources ?? {},
    projects: request.declaration.projects,
    prune: request.prune,
    wakes: request.by.who !== "config" && request.by.who !== "daemon",
    generation: current.generation + 1,
  });
  if (merge.leaving.length > 0) throw stillLeaving(merge.leaving);
  const { unnamed, pruned } = merge;
  if (isIdentical(current, merge, request))
    return { generation: current.generation, changed: false, unnamed, pruned };
  const generation = current.generation + 1;
  const members = membersAfter(rows, merge, request);
  await writeAccepted(tx, { request, merge, generation, members });
  return { generation, changed: true, unnamed, pruned };
}

function isIdentical(current: Current, merge: Merge, { declaration }: AcceptRequest): boolean {
  const sameHost =
    current.declaration !== null &&
    canonicalJson(current.declaration.host) === canonicalJson(declaration.host);
  return sameHost && merge.inserts.length === 0 && merge.updates.length === 0;
}

/** The projects in force after it: those it names, and those of other declarations that nobody removed. */
function membersAfter(
  rows: readonly ProjectRow[],
  { pruned }: Merge,
  { declaration }: AcceptRequest,
): readonly string[] {
  const others = rows.filter(
    ({ name, declared, wanted }) => declared && wanted !== "removed" && !pruned.includes(name),
  );
  const names = [...others.map(({ name }) => name), ...Object.keys(declaration.projects)];
  return [...new Set(names)].toSorted();
}

type Accepted = Readonly<{
  request: AcceptRequest;
  merge: Merge;
  generation: number;
  members: readonly string[];
}>;

async function writeAccepted(
  tx: Statements,
  { request, merge, generation, members }: Accepted,
): Promise<void> {
  const { by, rollbackOf } = request;
  await tx.rows("generation-insert", [
    generation,
    request.source,
    JSON.stringify(request.bundle),
    JSON.stringify(request.declaration),
    by.who,
    by.claim,
    by.reason,
    rollbackOf,
    request.epoch,
    members,
  ]);
  if (merge.inserts.length > 0) await tx.rows("project-insert", [JSON.stringify(merge.inserts)]);
  if (merge.updates.length > 0) await tx.rows("project-update", [JSON.stringify(merge.updates)]);
  const detail = [
    `generation ${generation} from ${request.source}`,
    rollbackOf === null ? [] : `rolls back to ${rollbackOf}`,
    merge.pruned.length === 0 ? [] : `prunes ${merge.pruned.join(", ")}`,
  ].flat();
  await recordAudit(tx, {
    by,
    epoch: request.epoch,
    action: rollbackOf === null ? "apply" : "rollback",
    project: null,
    detail: detail.join("; "),
  });
}

function generationMoved(expected: number, actual: number): BerthError {
  return new BerthError("conflict", {
    code: "postgres.generation-moved",
    detail: `the declaration generation is ${actual}, not ${expected} as planned`,
    hint: "plan again and apply that plan",
  });
}

function stillLeaving(names: readonly string[]): BerthError {
  return new BerthError("conflict", {
    code: "postgres.project-leaving",
    detail: `still being removed: ${names.join(", ")}`,
    hint: "apply again when the removal has ended",
  });
}
