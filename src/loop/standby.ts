/** Standing by: what a daemon that does not lead can still tell, borrowed from the leader through Redis. */
import type { ProjectView } from "../model/view.ts";
import { LEASE_TOPIC } from "./leader.ts";
import { projectViews } from "./serve/views.ts";
import type { DaemonState } from "./state.ts";

/** The leader writes its views this often while somebody stands by. */
const STATUS_MS = 5_000;
/** With nobody to read them it writes every so many turns: they are the largest thing a daemon at rest makes. */
const TURNS_UNREAD = 3;
/** Three missed turns of the slower kind. */
const STATUS_TTL_MS = 45_000;

/** Starts the timer that gives (leading) or takes (standing by) live status. Redis away: nothing, quietly; it is a mode already. */
export function shareStatus(state: DaemonState): Readonly<{ stop(): void }> {
  let busy = false;
  let unread = TURNS_UNREAD;
  const turn = async (): Promise<void> => {
    if (state.session === null) return borrow(state);
    state.borrowed = [];
    unread += 1;
    // Who stands by listens for the lease.
    if (unread < TURNS_UNREAD && (await state.redis.listeners(LEASE_TOPIC)) === 0) return;
    unread = 0;
    await lend(state);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    turn()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, STATUS_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function borrow(state: DaemonState): Promise<void> {
  const status = await state.redis.readStatus();
  state.borrowed = Object.values(status).flatMap(parseView);
}

async function lend(state: DaemonState): Promise<void> {
  const views = projectViews(state).map((view) => [view.name, JSON.stringify(view)] as const);
  await state.redis.writeStatus(Object.fromEntries(views), STATUS_TTL_MS);
}

/** What Redis holds was written by a leader of this install; still, anything else is left out. */
function parseView(text: string): readonly ProjectView[] {
  try {
    const view: unknown = JSON.parse(text);
    return isView(view) ? [{ ...view, reasons: [...view.reasons, "as the leader last said"] }] : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is ProjectView {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "phase" in value &&
    "reasons" in value &&
    Array.isArray(value.reasons)
  );
}
