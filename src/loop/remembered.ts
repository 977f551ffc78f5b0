/** What was desired last time, as long as nothing that decides it has changed: hashing 100 specs anew took most of an idle pass. */
import type { DesiredProject, InstallFacts } from "../model/desired-project.ts";
import type { IdleStand } from "../model/idle.ts";
import type { Allocation } from "../model/quota.ts";
import { desireProject, type ProjectFacts } from "../desired/desire.ts";
import type { ProjectRecord } from "../model/project-record.ts";

interface Remembered {
  readonly install: InstallFacts;
  readonly facts: ProjectFacts;
  readonly desired: DesiredProject;
}

/** Two images may count for a project: what its declaration names, and what its container runs on. */
const KEPT = 2;
/** Records are never changed but replaced, so a record's identity stands for its content; it is forgotten with it. */
const last = new WeakMap<ProjectRecord, readonly Remembered[]>();

/** `desireProject`, answered from memory where the answer is the same. */
export function desireRemembered(
  record: ProjectRecord,
  install: InstallFacts,
  facts: ProjectFacts,
): DesiredProject {
  const before = last.get(record) ?? [];
  const known = before.find((each) => each.install === install && isSame(each.facts, facts));
  if (known !== undefined) return known.desired;
  const desired = desireProject(record, install, facts);
  last.set(record, [{ install, facts, desired }, ...before].slice(0, KEPT));
  return desired;
}

/** Images and owners are looked up once and kept; allocations are made anew at every host pass. */
function isSame(before: ProjectFacts, now: ProjectFacts): boolean {
  return (
    before.image === now.image &&
    before.workspaceOwner === now.workspaceOwner &&
    isSameStand(before.idle, now.idle) &&
    isSameAllocation(before.allocation, now.allocation)
  );
}

function isSameStand(before: IdleStand | null, now: IdleStand | null): boolean {
  return before?.kind === now?.kind && before?.why === now?.why && restOf(before) === restOf(now);
}

function restOf(stand: IdleStand | null): string | null {
  return stand?.kind === "resting" ? stand.rest : null;
}

function isSameAllocation(before: Allocation | null, now: Allocation | null): boolean {
  return (
    before?.admitted === now?.admitted &&
    before?.memoryBytes === now?.memoryBytes &&
    before?.waiting === now?.waiting
  );
}
