/** Attempts their runner no longer knows: neither running there nor journalled as ended. They are lost. */
import type { RunnerReport } from "../../model/observed.ts";
import { type Desk, type HeldRun, troubled } from "./desk-state.ts";
import { putBack } from "./hand-over.ts";

/** How long an attempt is given, after the runner took it, before its absence means something. */
const YOUNG_MS = 5_000;

/**
 * A runner names every run from its acceptance until its end is in the journal. So a run that a report does not name is
 * lost when all that the journal held at that report is recorded, and the run is still open.
 */
export function forgetVanished(report: RunnerReport, desk: Desk): void {
  const { session } = desk;
  const recorded = session.world.records.get(report.project)?.journalSeq ?? 0;
  if (report.journalSeq === null || recorded < report.journalSeq) return;
  const alive = new Set(report.taskRuns);
  const absent = [...desk.runs.values()].filter(
    ({ run, project, startedAt }) =>
      project === report.project && !alive.has(run) && session.now() - startedAt > YOUNG_MS,
  );
  for (const held of absent) if (held.refused) void putBackAlone(held, desk);
  const lost = absent.filter(({ unhanded }) => unhanded === null);
  if (lost.length === 0) return;
  const ends = lost.map(({ run }) => ({
    run,
    outcome: "lost" as const,
    exitCode: null,
    signal: null,
    result: null,
    reason: "its runner does not know it",
    jitter: session.chance(),
  }));
  session.doors.postgres.tasks
    .settle(session.world.install.epoch, ends)
    .then((settled) => (settled.length < ends.length ? desk.doubt() : undefined))
    .catch((error: unknown) => troubled("vanished", error, session));
}

/** Refused, and what its runner may have begun before would be in the journal: it never was. Not while it is offered once more. */
async function putBackAlone(held: HeldRun, desk: Desk): Promise<void> {
  const { handing } = desk;
  if (handing.has(held.run)) return;
  handing.add(held.run);
  await putBack(held, desk).finally(() => handing.delete(held.run));
}
