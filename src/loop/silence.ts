/** Runners that are not heard although their containers run: each silence is told once, with what ends it. */
import { belongingsOf } from "../observe/belongings.ts";
import type { Silence } from "../model/observed.ts";
import type { Session } from "./session.ts";

/** How often it is looked for. */
export const SILENCE_TURN_MS = 5_000;
/** A runner answers within a second of its start, and one that hangs has lost its connection by then. */
const TOLD_AFTER_MS = 60_000;

/**
 * Counts, for each project, for how long nothing was heard, in time this process lived through (`lived`, ms): nobody is
 * late because the machine slept or the daemon stood still. Containers are not touched: agents work on without us.
 */
export function listenForSilence(session: Session, lived: number): void {
  const { world, modes } = session;
  // Then nobody knows what runs.
  if (modes.holds("engine-gone")) return;
  for (const name of world.records.keys()) {
    const container = unheard(name, session);
    if (container === null) world.silences.delete(name);
    else
      noteSilence(name, goneOn(world.silences.get(name), { container, lived, session }), session);
  }
}

/** The container whose runner should be heard and is not; a frozen one cannot speak. */
function unheard(name: string, { world, doors, relist }: Session): string | null {
  const seen = relist.latest();
  if (seen === null || doors.runners.connected(name) || doors.runners.frozen(name)) return null;
  const { containers } = belongingsOf(name, world.install, seen);
  return containers.find(({ state }) => state === "running")?.id ?? null;
}

function goneOn(
  before: Silence | undefined,
  { container, lived, session }: Readonly<{ container: string; lived: number; session: Session }>,
): Silence {
  if (before?.container !== container)
    return { container, since: session.now(), countedAt: lived, ms: 0, told: false };
  const passed = Math.min(lived - before.countedAt, 2 * SILENCE_TURN_MS);
  return { ...before, countedAt: lived, ms: before.ms + passed };
}

function noteSilence(project: string, silence: Silence, { world, outbox, log }: Session): void {
  const due = !silence.told && silence.ms >= TOLD_AFTER_MS;
  world.silences.set(project, due ? { ...silence, told: true } : silence);
  if (!due) return;
  const seconds = Math.round(silence.ms / 1000);
  log.warn({ project, seconds }, "a runner is silent");
  outbox.add({
    project,
    kind: "runner.silent",
    cause: "daemon",
    message: `its runner has not been heard for ${seconds} s; \`berth restart ${project}\` gives it a new container`,
    fields: { seconds, container: silence.container },
  });
  void outbox.flush();
}
