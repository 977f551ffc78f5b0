/** Garbage: orphans now, without their grace, and output past its retention; volumes never. */
import { isOurs } from "../../observe/belongings.ts";
import type { GarbageView } from "../../model/view.ts";
import { planOrphans } from "../../plan/orphans.ts";
import type { Asker } from "../../postgres/door.ts";
import { removeOrphans } from "../orphans.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";

export async function collectGarbage(
  request: Readonly<{ dryRun: boolean; force: boolean; by: Asker }>,
  state: DaemonState,
): Promise<GarbageView> {
  const session = leading(state);
  const { world, doors } = session;
  const snapshot = await session.relist.fresh();
  const projects = new Set(world.records.keys());
  const verdict = planOrphans(snapshot, {
    install: world.install,
    projects,
    now: session.now(),
    graceMs: 0,
    firstSeen: new Map(),
    confirmed: request.force,
  });
  const kept = keptVolumes(session, projects, snapshot.volumes);
  if (verdict.kind === "mass-orphans")
    kept.push(
      ...verdict.orphans.map(({ what, name }) => ({
        object: `${what} ${name}`,
        why: "more than half of our objects would go: say --yes if you mean it",
      })),
    );
  const removed =
    verdict.kind === "plan" ? verdict.orphans.map(({ what, name }) => `${what} ${name}`) : [];
  if (!request.dryRun) {
    if (verdict.kind === "plan") await removeOrphans(verdict.steps, session);
    const freed = await pruneOutput(session);
    if (freed > 0) removed.push(`${freed} bytes of old output`);
    await doors.postgres.recordAudit({
      epoch: world.install.epoch,
      by: request.by,
      action: "gc",
      project: null,
      detail: removed.join(", ").slice(0, 1_000),
    });
  }
  return { removed, kept, dryRun: request.dryRun };
}

function keptVolumes(
  session: Session,
  projects: ReadonlySet<string>,
  volumes: NonNullable<ReturnType<Session["relist"]["latest"]>>["volumes"],
): { object: string; why: string }[] {
  const { install, installUid } = session.world.install;
  return volumes
    .filter(
      ({ own, role }) =>
        isOurs(own, install, installUid) &&
        role === "data" &&
        (own.project === null || !projects.has(own.project)),
    )
    .map(({ name }) => ({
      object: `volume ${name}`,
      why: "holds data of a project that is gone; remove it with `docker volume rm` if you mean it",
    }));
}

async function pruneOutput(session: Session): Promise<number> {
  let freed = 0;
  for (const project of session.world.spools)
    freed += await session.doors.runners.prune(
      project,
      session.now() - session.settings.retention.outputDays * 86_400_000,
    );
  return freed;
}
