/** Attempts their runner no longer knows: neither running there nor journalled as ended. They are lost. */
import type { RunnerReport } from "../../model/observed.ts";
import { type Desk, troubled } from "./desk-state.ts";

/** Reports come every 5 s; three in a row leave time for a journal that is being caught up. */
const REPORTS = 3;
/** A younger attempt may not have reached the report yet. */
const YOUNG_MS = 5_000;

export function forgetVanished(report: RunnerReport, desk: Desk): void {
  const { session } = desk;
  const alive = new Set(report.taskRuns);
  const lost: string[] = [];
  for (const [run, held] of desk.runs) {
    if (held.project !== report.project || held.unhanded !== null) continue;
    if (alive.has(run) || session.now() - held.startedAt < YOUNG_MS) {
      held.missed = 0;
      continue;
    }
    held.missed += 1;
    if (held.missed >= REPORTS) lost.push(run);
  }
  if (lost.length === 0) return;
  const ends = lost.map((run) => ({
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
    .catch((error: unknown) => troubled("vanished", error, session));
}
