/** Standing by: what a daemon that does not lead can still tell, borrowed from the leader through Redis. */
import type { ProjectView } from "../model/view.ts";
import { projectViews } from "./serve/views.ts";
import type { DaemonState } from "./state.ts";

/** The leader writes its views this often, as runners report; they expire in Redis after three missed turns. */
const STATUS_MS = 5_000;
const STATUS_TTL_MS = 15_000;

/** Starts the timer that gives (leading) or takes (standing by) live status. Redis away: nothing, quietly; it is a mode already. */
export function shareStatus(state: DaemonState): Readonly<{ stop(): void }> {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    turn(state)
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, STATUS_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function turn(state: DaemonState): Promise<void> {
  if (state.session === null) {
    const status = await state.redis.readStatus();
    state.borrowed = Object.values(status).flatMap(parseView);
    return;
  }
  state.borrowed = [];
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
