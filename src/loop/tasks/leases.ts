/** Leases of slots: lengthened while the runner is heard; one that ran out is fenced before its slot is given again. */
import { type Desk, LEASE_MS } from "./desk-state.ts";

/** Who asks for a new container. */
const DAEMON = { who: "daemon", claim: null } as const;

/**
 * A runner that is not heard for a whole lease may still have processes, and nobody can tell how they end. So its project
 * gets a new container: then its processes are gone for certain, its journal is read to the end, what it does not tell
 * is lost, and only that frees the slots. Time is what this process lived through, not the wall's: nobody is late
 * because the machine slept.
 */
export async function keepLeases(desk: Desk, lived: number): Promise<void> {
  const { session, runs, silentSince } = desk;
  const { tasks } = session.doors.postgres;
  const projects = new Set([...runs.values()].map(({ project }) => project));
  for (const project of silentSince.keys()) if (!projects.has(project)) silentSince.delete(project);
  for (const project of projects) {
    if (isHeard(project, desk)) silentSince.delete(project);
    else if (!silentSince.has(project)) silentSince.set(project, lived);
  }
  const kept = [...runs].flatMap(([run, { project }]) => (silentSince.has(project) ? [] : [run]));
  if (kept.length > 0) await tasks.renew(session.world.install.epoch, kept, LEASE_MS);
  for (const [project, since] of silentSince)
    if (lived - since >= LEASE_MS) {
      await fence(project, desk);
      silentSince.set(project, lived);
    }
}

/** One that is frozen cannot answer; one without a container is about to be settled or started by its own passes. */
function isHeard(project: string, { session }: Desk): boolean {
  if (session.doors.runners.connected(project)) return true;
  const record = session.world.records.get(project);
  return record === undefined || record.wanted !== "active" || record.phase !== "active";
}

async function fence(project: string, { session, runs }: Desk): Promise<void> {
  const held = [...runs.values()].filter((run) => run.project === project);
  const reason = `its runner was not heard for ${LEASE_MS / 1000} s while ${held.length} tasks ran`;
  session.log.warn({ project, runs: held.map(({ run }) => run) }, "leases ran out");
  const row = await session.doors.postgres.intend({
    epoch: session.world.install.epoch,
    project,
    change: { kind: "restart", agent: null },
    by: { ...DAEMON, reason },
    idempotencyKey: `lease:${held[0]?.run ?? project}`,
  });
  session.world.records.set(project, row);
  session.trigger(project, "leases ran out");
}
