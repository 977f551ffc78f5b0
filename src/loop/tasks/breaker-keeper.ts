/** Breakers across restarts: read at the start of a session, ends since then counted in, and written when they change. */
import type { KeptBreaker } from "../../model/breaker.ts";
import type { EndedAttempt } from "../../postgres/task-door.ts";
import type { Session } from "../session.ts";
import { type Desk, troubled } from "./desk-state.ts";
import {
  type BreakerChange,
  WINDOW,
  breakerEvent,
  keyOf,
  measureEnd,
  moveBreaker,
} from "./measures.ts";

/** Changes within this time are one write. What a crash loses of it is read from the ends again. */
const TOGETHER_MS = 200;

/** Writes changed breakers, a little later and together. */
export function createBreakerKeeper(session: Session): (change: BreakerChange) => void {
  const dirty = new Map<string, KeptBreaker>();
  const flush = (): void => {
    const kept = [...dirty.values()];
    dirty.clear();
    session.doors.postgres.tasks
      .keepBreakers(session.world.install.epoch, kept)
      .catch((error: unknown) => {
        // What changed meanwhile is newer than what could not be written.
        if (dirty.size === 0) later(flush);
        for (const one of kept)
          if (!dirty.has(keyOf(one.project, one.agent)))
            dirty.set(keyOf(one.project, one.agent), one);
        troubled("breakers", error, session);
      });
  };
  const later = (work: () => void): void =>
    void setTimeout(() => {
      if (!session.signal.aborted) work();
    }, TOGETHER_MS).unref();
  return ({ key, after, at }) => {
    const [project = "", agent = ""] = key.split("/");
    if (dirty.size === 0) later(flush);
    dirty.set(keyOf(project, agent), { project, agent, state: after, through: at });
  };
}

/** As if this daemon had led all along: kept breakers, then the ends they had not counted yet; means over the last ends. */
export async function recall({ session, measures }: Desk): Promise<void> {
  const { tasks } = session.doors.postgres;
  const through = new Map<string, number>();
  for (const { project, agent, state, through: at } of await tasks.breakers()) {
    const key = agent === "" ? project : keyOf(project, agent);
    measures.breakers.set(key, state);
    through.set(key, at);
  }
  for (const end of await tasks.ends(WINDOW)) {
    measureEnd(measures, end);
    for (const key of keysOf(end))
      if (end.endedAt > (through.get(key) ?? 0))
        moveBreaker(measures, { key, event: breakerEvent(end), at: end.endedAt });
  }
}

function keysOf({ project, agent }: EndedAttempt): readonly string[] {
  return [project, keyOf(project, agent)];
}
