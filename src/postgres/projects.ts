/** The recorded projects: reading them, the operator's wishes, and where each is in its lifecycle. */
import type { Phase } from "../model/lifecycle.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { IntentRequest, ProjectRow, StepRow } from "./door.ts";
import { unknownProject } from "./errors.ts";
import { REMOVED } from "./attempt-next.ts";
import type { Statements } from "./connection.ts";
import { lostEndOf } from "./journal-tasks.ts";
import { endQuestions } from "./question-journal.ts";
import type { Session } from "./session.ts";
import type { SettledTask, TaskRecord } from "../model/task.ts";
import { writeDone } from "./steps.ts";
import { settleIn } from "./task-settle.ts";
import type { RecordRow, Settled } from "./task-settle.ts";
import { wishOf, wordsOf } from "./wish.ts";

/** Every recorded project by name. */
export async function readProjects(session: Session): Promise<readonly ProjectRow[]> {
  return session.read<ProjectRow & Record<string, unknown>>("project-list", [null]);
}

/** See `PostgresDoor.intend`. */
export async function intend(session: Session, request: IntentRequest): Promise<ProjectRow> {
  const { epoch, idempotencyKey, ...body } = request;
  return session.write({ operation: "intend", epoch }, async (tx) => {
    await answeredOnce(tx, { key: idempotencyKey, body }, () => intendIn(tx, request));
    // A repeat is told what is so now: the first answer may long be outdated, and would be acted upon.
    return readProject(tx, request.project);
  });
}

type PhaseMove = Readonly<{
  epoch: number;
  project: string;
  from: Phase;
  to: Phase;
  step: StepRow;
}>;

/** Waiting tasks a transaction: a long backlog must not meet the statement deadline. */
const BATCH = 1_000;

/** See `PostgresDoor.settlePhase`: already so is success, since the answer to an earlier try may have been lost. Runs and tasks still open when a project is gone end with it: everything has an end. */
export async function settlePhase(
  session: Session,
  request: PhaseMove,
  settled: Settled,
): Promise<boolean> {
  if (request.to === "removed") await cancelWaiting(session, request, settled);
  const ended = await session.write({ operation: "settle phase", epoch: request.epoch }, (tx) =>
    settlePhaseIn(tx, request),
  );
  settled.tell(ended ?? []);
  return ended !== null || (await phaseNow(session, request.project)) === request.to;
}

/** Who is no longer recorded is removed. */
async function phaseNow(session: Session, project: string): Promise<Phase> {
  const [row] = await session.read<{ phase: Phase }>("project-list", [project]);
  return row?.phase ?? "removed";
}

/** The tasks that ended with the project; null when the phase is not `from`. */
async function settlePhaseIn(
  tx: Statements,
  { epoch, project, from, to, step }: PhaseMove,
): Promise<readonly SettledTask[] | null> {
  const moved = await tx.rows("project-settle", [project, from, to]);
  if (moved.length === 0) return null;
  await writeDone(tx, epoch, step);
  if (to !== "removed") return [];
  // First, since it waits for submissions that hold the project: none can wait for a task that is locked here.
  await tx.rows("project-delete", [project]);
  await tx.rows("token-revoke-project", [project]);
  await tx.rows("run-lose", [project, REMOVED, null]);
  await endQuestions(tx, project, { runs: null, reason: REMOVED });
  const open = await tx.rows<{ run: string }>("attempt-of-project", [project, false]);
  const stopped = await settleIn(
    tx,
    open.map(({ run }) => ({ ...lostEndOf(run, REMOVED), outcome: "cancelled" })),
    project,
  );
  return [...stopped, ...(await cancelWaitingIn(tx, project))];
}

/** Before the removal, so that only what came in meanwhile is left to its transaction. */
async function cancelWaiting(
  session: Session,
  { epoch, project }: PhaseMove,
  settled: Settled,
): Promise<void> {
  for (;;) {
    const tasks = await session.write({ operation: "cancel waiting tasks", epoch }, (tx) =>
      cancelWaitingIn(tx, project),
    );
    settled.tell(tasks);
    if (tasks.length < BATCH) return;
  }
}

async function cancelWaitingIn(tx: Statements, project: string): Promise<readonly TaskRecord[]> {
  const rows = await tx.rows<RecordRow>("task-cancel-leaving", [project, REMOVED, BATCH]);
  return rows.map((row) => row.record);
}

async function intendIn(tx: Statements, request: IntentRequest): Promise<null> {
  const { project, change } = request;
  await tx.rows("project-lock", [project]);
  const wish = wishOf(await readProject(tx, project), change);
  await tx.rows("project-intend", [
    project,
    wish.wanted,
    wish.phase,
    wish.removeVolumes,
    JSON.stringify(wish.restartSerials),
    JSON.stringify(wish.replicas),
    wish.stoppedAgents,
  ]);
  await recordAudit(tx, { by: request.by, epoch: request.epoch, project, ...wordsOf(change) });
  return null;
}

async function readProject(tx: Statements, name: string): Promise<ProjectRow> {
  const [row] = await tx.rows<ProjectRow & Record<string, unknown>>("project-list", [name]);
  if (row === undefined) throw unknownProject(name);
  return row;
}
