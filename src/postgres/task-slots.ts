/** Slots of the agent pool: claimed, handed over, held by a lease, given back. */
import type { Session } from "./session.ts";
import type { Claimed, ClaimRequest, RunningAttempt } from "./task-door.ts";
import { isTaskId } from "./task-id.ts";

/**
 * See `TaskDoor.claim`. INVARIANT: a slot is an attempt without an outcome, and the open ones are counted by a statement that
 * begins after the pool lock is held: so no two claims count the same free slot.
 */
export async function claim(
  session: Session,
  {
    epoch,
    poolSize,
    claims,
  }: Readonly<{ epoch: number; poolSize: number; claims: readonly ClaimRequest[] }>,
): Promise<readonly Claimed[]> {
  const asked = [
    ...new Map(claims.filter((one) => isTaskId(one.task)).map((one) => [one.task, one])).values(),
  ];
  if (asked.length === 0) return [];
  return session.write({ operation: "claim tasks", epoch, turn: "pool" }, (tx) =>
    tx.last<Claimed & Record<string, unknown>>("task-claim", [
      poolSize,
      epoch,
      asked.map((one) => one.task),
      asked.map((one) => one.run),
      asked.map((one) => one.leaseMs),
      asked.map((one) => one.by ?? null),
      asked.map((one) => (one.why === undefined ? null : JSON.stringify(one.why))),
    ]),
  );
}

/** See `TaskDoor.handed`. */
export async function handed(
  session: Session,
  epoch: number,
  runs: readonly string[],
): Promise<void> {
  if (runs.length === 0) return;
  await session.write({ operation: "attempts handed", epoch }, (tx) =>
    tx.last("attempt-handed", [runs]),
  );
}

/** See `TaskDoor.unclaim`. */
export async function unclaim(
  session: Session,
  epoch: number,
  runs: readonly string[],
): Promise<void> {
  if (runs.length === 0) return;
  await session.write({ operation: "unclaim tasks", epoch }, async (tx) => {
    await Promise.all([tx.rows("attempt-lock", [runs, null]), tx.last("attempt-undo", [runs])]);
  });
}

/** See `TaskDoor.renew`. */
export async function renew(
  session: Session,
  { epoch, runs, leaseMs }: Readonly<{ epoch: number; runs: readonly string[]; leaseMs: number }>,
): Promise<void> {
  if (runs.length === 0) return;
  await session.write({ operation: "renew leases", epoch }, (tx) =>
    tx.last("attempt-renew", [runs, leaseMs]),
  );
}

/** See `TaskDoor.running`. */
export async function readRunning(session: Session): Promise<readonly RunningAttempt[]> {
  return session.read<RunningAttempt & Record<string, unknown>>("attempt-running");
}
