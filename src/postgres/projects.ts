/** The recorded projects: reading them, the operator's wishes, and where each is in its lifecycle. */
import type { Phase } from "../model/lifecycle.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { IntentRequest, ProjectRow } from "./door.ts";
import { unknownProject } from "./errors.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";
import { wishOf, wordsOf } from "./wish.ts";

/** Every recorded project by name. */
export async function readProjects(session: Session): Promise<readonly ProjectRow[]> {
  return session.read<ProjectRow & Record<string, unknown>>("project-list", [null]);
}

/** See `PostgresDoor.intend`. */
export async function intend(session: Session, request: IntentRequest): Promise<ProjectRow> {
  const { epoch, idempotencyKey, ...body } = request;
  return session.write({ operation: "intend", epoch }, (tx) =>
    answeredOnce(tx, { key: idempotencyKey, body }, () => intendIn(tx, request)),
  );
}

/** See `PostgresDoor.settlePhase`. Runs still open when a project is gone are lost with it: every run has an end. */
export async function settlePhase(
  session: Session,
  {
    epoch,
    project,
    from,
    to,
  }: Readonly<{ epoch: number; project: string; from: Phase; to: Phase }>,
): Promise<boolean> {
  return session.write({ operation: "settle phase", epoch }, async (tx) => {
    const moved = await tx.rows("project-settle", [project, from, to]);
    if (moved.length === 0) return false;
    if (to === "removed") {
      await tx.rows("run-lose", [project, "project removed", null]);
      await tx.rows("project-delete", [project]);
    }
    return true;
  });
}

async function intendIn(tx: Statements, request: IntentRequest): Promise<ProjectRow> {
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
  return readProject(tx, project);
}

async function readProject(tx: Statements, name: string): Promise<ProjectRow> {
  const [row] = await tx.rows<ProjectRow & Record<string, unknown>>("project-list", [name]);
  if (row === undefined) throw unknownProject(name);
  return row;
}
