/** Containers that died because memory ran out: the runner died along and could not tell, so what the engine says is counted. */
import type { InspectedContainer, RunnerReport } from "../model/observed.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import { diedOfMemory } from "../plan/drift.ts";
import type { Session } from "./session.ts";

const NONE = { heardAt: 0, counted: null, deaths: 0 };

/** The engine told of an OOM kill in a project's container. */
export function heardOom(project: string, at: number, { world }: Session): void {
  // An orphan's is nobody's, and would wait for a project of its name.
  if (!world.records.has(project)) return;
  const before = world.ooms.get(project) ?? NONE;
  world.ooms.set(project, { ...before, heardAt: Math.max(before.heardAt, at) });
}

/**
 * Tells and counts each such death once, in the words a runner uses. The engine's flag stays up after any kill inside, so
 * a life of which the runner has told one counts only when the engine heard of another after it. What is recorded decides:
 * a daemon that has just begun must not count what its predecessor did.
 */
export async function noteDeath(
  project: string,
  observed: ObservedProject,
  session: Session,
): Promise<void> {
  const { world, outbox, metrics } = session;
  for (const dead of observed.inspected) {
    const known = world.ooms.get(project) ?? NONE;
    const life = `${dead.id} ${dead.startedAt}`;
    if (!diedOfMemory(dead) || known.counted === life) continue;
    const told = await isTold(project, dead, session);
    // Another kill may have been heard of meanwhile.
    const { heardAt } = world.ooms.get(project) ?? known;
    world.ooms.set(project, {
      heardAt,
      counted: life,
      deaths: known.deaths + (told ? 0 : 1),
    });
    if (told) continue;
    metrics.oom(project, 1);
    outbox.add({
      project,
      kind: "project.oom",
      cause: "daemon",
      message: "out of memory in the project, victim unknown: its container died",
      fields: { count: 1, container: dead.id, startedAt: dead.startedAt },
    });
    void outbox.flush();
  }
}

async function isTold(
  project: string,
  dead: InspectedContainer,
  { world, doors }: Session,
): Promise<boolean> {
  const [last] = await doors.postgres.events({
    after: null,
    project,
    kinds: ["project.oom", "agent.oom"],
    limit: 1,
    newestFirst: true,
  });
  if (last === undefined) return false;
  // Our own are of one life; a runner's are of the life they fall into.
  if (last.fields["startedAt"] !== undefined) return last.fields["startedAt"] === dead.startedAt;
  if (last.at < Date.parse(dead.startedAt)) return false;
  return last.at >= (world.ooms.get(project)?.heardAt ?? 0);
}

/** A runner's last word, with the deaths it could not tell of: its cgroup's counter began anew with the container. */
export function reportOf(project: string, { world, doors }: Session): RunnerReport | null {
  const report = doors.runners.report(project);
  const deaths = world.ooms.get(project)?.deaths ?? 0;
  if (report === null || report.sample === null || deaths === 0) return report;
  const { sample } = report;
  return { ...report, sample: { ...sample, oomKills: (sample.oomKills ?? 0) + deaths } };
}
