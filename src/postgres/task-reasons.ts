/** Why tasks went as they did: decisions kept with attempts, ends that are measured, breakers. */
import type { KeptBreaker } from "../model/breaker.ts";
import type { Session } from "./session.ts";
import type { DecidedAttempt, EndedAttempt, TaskDoor } from "./task-door.ts";
import { isTaskId } from "./task-id.ts";

type Row = Record<string, unknown>;

/** See `TaskDoor.ends`. */
export async function readEnds(session: Session, limit: number): Promise<readonly EndedAttempt[]> {
  return session.read<EndedAttempt & Row>("attempt-ends", [limit]);
}

/** See `TaskDoor.lastEnds`. */
export async function readLastEnds(
  session: Session,
  agents: readonly Readonly<{ project: string; agent: string }>[],
): Promise<ReadonlyMap<string, number>> {
  if (agents.length === 0) return new Map();
  const rows = await session.read<{ project: string; endedAt: number }>("attempt-last", [
    agents.map(({ project }) => project),
    agents.map(({ agent }) => agent),
  ]);
  const last = new Map<string, number>();
  for (const { project, endedAt } of rows)
    last.set(project, Math.max(endedAt, last.get(project) ?? 0));
  return last;
}

/** See `TaskDoor.decisions`. */
export async function readDecisions(
  session: Session,
  of: Parameters<TaskDoor["decisions"]>[0],
  limit: number,
): Promise<readonly DecidedAttempt[]> {
  if ("project" in of)
    return session.read<DecidedAttempt & Row>("decision-agents", [of.project, of.agents, limit]);
  if (!isTaskId(of.task)) return [];
  return session.read<DecidedAttempt & Row>("decision-task", [of.task, limit]);
}

/** See `TaskDoor.breakers`. */
export async function readBreakers(session: Session): Promise<readonly KeptBreaker[]> {
  return session.read<KeptBreaker & Row>("breaker-list");
}

/** See `TaskDoor.keepBreakers`. */
export async function keepBreakers(
  session: Session,
  epoch: number,
  breakers: readonly KeptBreaker[],
): Promise<void> {
  if (breakers.length === 0) return;
  await session.write({ operation: "keep breakers", epoch }, (tx) =>
    tx.rows("breaker-write", [
      breakers.map(({ project }) => project),
      breakers.map(({ agent }) => agent),
      breakers.map(({ state }) => JSON.stringify(state)),
      breakers.map(({ through }) => Math.round(through)),
    ]),
  );
}
