/** Runs of a boot that is over and of which nobody tells the end any more: its spool was lost, or cut when the host crashed. */
import type { Session } from "./session.ts";

const REASON = "its container ended, and the spool does not tell how";

/**
 * A boot is over when the project's runner is another one. That one has told what its spool knew of earlier runs before
 * its first report; when all that is recorded, runs of earlier boots that are still open are lost.
 */
export async function loseStrays(session: Session): Promise<void> {
  const { world, doors, modes } = session;
  if (modes.holds("postgres-gone")) return;
  for (const { project, boot } of await doors.postgres.bootsWithOpenRuns()) {
    if (!isOver(project, boot, session)) continue;
    const { epoch } = world.install;
    const lost = await doors.postgres.loseRuns({ epoch, project, reason: REASON, boot });
    if (lost > 0) session.eventsWritten();
  }
}

/** A connection forgets the report of a boot that is over before it hears anything of the next one. */
function isOver(project: string, boot: string, { world, doors }: Session): boolean {
  const report = doors.runners.report(project);
  const recorded = world.records.get(project)?.journalSeq ?? 0;
  return (
    report !== null &&
    report.bootId !== boot &&
    report.journalSeq !== null &&
    recorded >= report.journalSeq
  );
}
