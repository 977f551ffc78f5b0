/** Looks at what runners tell of starts: together while the engine is busy, since each look costs it three lists of everything. */
import type { Session } from "./session.ts";

/** At the longest from the first of them on: a fraction of what a start takes among others. */
const GATHER_MS = 200;

/** Projects to be looked at when the engine is done or the time is over; bounded by the number of projects. */
const gathering = new WeakMap<Session, Map<string, string>>();

export interface Echo {
  readonly project: string;
  readonly reason: string;
  /** How long after it the look is worth while on a quiet engine. */
  readonly delayMs?: number;
}

/** Triggers the project's pass, or, while engine operations are under way, triggers it with those of others. */
export function triggerEcho({ project, reason, delayMs = 0 }: Echo, session: Session): void {
  if (!session.slots.busy()) return session.trigger(project, reason, delayMs);
  const others = gathering.get(session);
  if (others !== undefined) return void others.set(project, reason);
  gathering.set(session, new Map([[project, reason]]));
  void gather(session);
}

async function gather(session: Session): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GATHER_MS);
  await Promise.race([session.slots.idle(), late]);
  clearTimeout(timer);
  const gathered = gathering.get(session) ?? new Map<string, string>();
  gathering.delete(session);
  if (session.signal.aborted) return;
  for (const [project, reason] of gathered) session.trigger(project, reason);
}
