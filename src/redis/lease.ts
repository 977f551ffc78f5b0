/** The leader lease: a hint who leads, never the proof (that is the epoch in Postgres). */
import type { LeaseState } from "./door.ts";
import type { Session } from "./session.ts";

const LEASE = "lease";

export async function takeLease(session: Session, holder: string, ttlMs: number): Promise<boolean> {
  return (await session.script("take-lease", LEASE, [holder, ttlMs])) === 1;
}

export async function renewLease(
  session: Session,
  holder: string,
  ttlMs: number,
): Promise<boolean> {
  return (await session.script("renew-lease", LEASE, [holder, ttlMs])) === 1;
}

/** Not ours is success: then there is nothing to free. */
export async function releaseLease(session: Session, holder: string): Promise<void> {
  await session.script("release-lease", LEASE, [holder]);
}

export async function readLease(session: Session): Promise<LeaseState> {
  const answer = await session.script("read-lease", LEASE, []);
  const [holder, ttl] = Array.isArray(answer) ? answer : [];
  return typeof holder === "string" && holder !== ""
    ? { holder, ttlMs: Number(ttl) }
    : { holder: null, ttlMs: 0 };
}
