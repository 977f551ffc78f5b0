/** Runs as recorded, and the end of those nobody can tell the end of. */
import type { RunRecord, RunWithMemory } from "../model/run.ts";
import { recordEvents } from "./events.ts";
import type { Statements } from "./connection.ts";
import { lostEndOf } from "./journal-tasks.ts";
import { endQuestions } from "./question-journal.ts";
import type { Session } from "./session.ts";
import { settleIn } from "./task-settle.ts";
import type { Settled } from "./task-settle.ts";

export type LoseRequest = Readonly<{
  epoch: number;
  project: string;
  reason: string;
  boot: string | null;
}>;
export type BootWithOpenRuns = Readonly<{ project: string; boot: string }>;
export type RunQuery = Readonly<{ project: string | null; agent: string | null; limit: number }>;

/** See `PostgresDoor.loseRuns`. */
export async function loseRuns(
  session: Session,
  { epoch, project, reason, boot }: LoseRequest,
  settled: Settled,
): Promise<number> {
  const gone = await session.write({ operation: "lose runs", epoch }, async (tx) => {
    const lost = await tx.rows<{ id: string; agent: string; replica: number }>("run-lose", [
      project,
      reason,
      boot,
    ]);
    // A runner that is gone took with it what it had been handed and never told the start of.
    const handed = boot === null ? await openAttempts(tx, project) : [];
    const runs = new Set([...lost.map((run) => run.id), ...handed]);
    const tasks = await settleIn(
      tx,
      [...runs].map((run) => lostEndOf(run, reason)),
      project,
    );
    const questions = await endQuestions(tx, project, {
      runs: boot === null ? null : [...runs],
      reason: `its run is lost: ${reason}`,
    });
    const told = lost.map(({ id, agent, replica }) => ({
      project,
      kind: "run.lost",
      cause: "daemon",
      message: `${agent}#${replica} is lost: ${reason}`,
      fields: { agent, replica, run: id, reason },
      at: null,
    }));
    await recordEvents(tx, [...told, ...questions]);
    return { runs: lost.length, tasks };
  });
  settled.tell(gone.tasks);
  return gone.runs;
}

async function openAttempts(tx: Statements, project: string): Promise<readonly string[]> {
  const rows = await tx.rows<{ run: string }>("attempt-of-project", [project, true]);
  return rows.map((row) => row.run);
}

/** Newest first. */
export async function readRuns(
  session: Session,
  { project, agent, limit }: RunQuery,
): Promise<readonly RunRecord[]> {
  return session.read<RunRecord & Record<string, unknown>>("run-list", [project, agent, limit]);
}

/** By its id; null when nothing of it is kept. */
export async function readRun(session: Session, id: string): Promise<RunWithMemory | null> {
  const [row] = await session.read<RunWithMemory & Record<string, unknown>>("run-get", [id]);
  return row ?? null;
}

/** The project of a run that began, or was handed over to begin; null for none. */
export async function runOwner(session: Session, id: string): Promise<string | null> {
  const [row] = await session.read<{ project: string }>("run-owner", [id]);
  return row?.project ?? null;
}

/** Boots that have runs without a terminal record, by project. */
export async function bootsWithOpenRuns(session: Session): Promise<readonly BootWithOpenRuns[]> {
  return session.read<BootWithOpenRuns & Record<string, unknown>>("run-open");
}
