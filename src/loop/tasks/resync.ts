/** What the desk remembers is brought back to what is recorded: an answer that was lost, or a write by another hand, leaves them apart. */
import type { Desk } from "./desk-state.ts";
import { freeProbes } from "./measures.ts";
import { promoteAnyway } from "./promotion.ts";
import { takeEnd } from "./take-end.ts";
import { takeOver } from "./take-over.ts";

/** How the desk knew things before the reads began: what changed since is newer than what was read. */
interface Remembered {
  readonly waiting: ReadonlySet<string>;
  readonly slots: ReadonlySet<string>;
  readonly runs: ReadonlySet<string>;
  readonly handing: ReadonlySet<string>;
}

/**
 * Reads every waiting task and every open attempt and mends the difference. Runs between two allocation rounds, so that
 * no claim is under way; of what moved while it read, the news of that move tells the truth and it is left alone.
 */
export async function resync(desk: Desk): Promise<void> {
  const { tasks } = desk.session.doors.postgres;
  const before = remember(desk);
  const waiting = new Map((await tasks.waiting()).map((task) => [task.id, task]));
  const running = new Map((await tasks.running()).map((attempt) => [attempt.run, attempt]));
  const held = new Set([...running.values()].map(({ task }) => task));
  const after = remember(desk);
  for (const id of before.waiting)
    if (after.waiting.has(id) && !waiting.has(id)) desk.pool.remove(id);
  for (const run of before.runs)
    if (after.runs.has(run) && !running.has(run)) await takeLostEnd(run, desk);
  for (const task of before.slots)
    if (after.slots.has(task) && !held.has(task)) desk.pool.finish(task);
  for (const attempt of running.values()) {
    const { run } = attempt;
    const known = desk.runs.get(run);
    if (known === undefined && !before.runs.has(run)) await takeOver(attempt, desk);
    if (known === undefined || !before.runs.has(run)) continue;
    desk.pool.hold(attempt);
    // What could not be taken back is there still; what is being taken back was read as it was before.
    if (!before.handing.has(run) && !desk.handing.has(run)) known.withdrawn = false;
  }
  for (const task of waiting.values()) {
    const claimLost = before.slots.has(task.id) && after.slots.has(task.id);
    if ((claimLost || !knows(before, task.id)) && !held.has(task.id)) desk.pool.insert(task);
    else if (desk.pool.find(task.id)?.priority !== task.priority)
      desk.pool.reprioritise(task.id, task.priority);
  }
  freeProbes(desk.measures, (task) => desk.pool.holds(task), desk.session.now());
  promoteAnyway(desk);
  desk.dispatch();
}

function remember({ pool, runs, handing }: Desk): Remembered {
  return {
    waiting: new Set(pool.waitingIds()),
    slots: new Set([...pool.slots()].map(({ task }) => task)),
    runs: new Set(runs.keys()),
    handing: new Set(handing),
  };
}

function knows({ waiting, slots }: Remembered, task: string): boolean {
  return waiting.has(task) || slots.has(task);
}

/** The end was recorded, but the answer that told of it did not arrive. */
async function takeLostEnd(run: string, desk: Desk): Promise<void> {
  const held = desk.runs.get(run);
  if (held === undefined) return;
  const { tasks } = desk.session.doors.postgres;
  const record = await tasks.get(held.task);
  if (record !== null && record.state !== "running") {
    const outcome = (await tasks.attempts(held.task)).find((one) => one.run === run)?.outcome;
    takeEnd({ ...record, ...(outcome && { outcome }) }, desk);
  }
  desk.runs.delete(run);
  if (record === null) desk.pool.finish(held.task);
}

/** Whether the records count as many waiting and running as the desk does; during a move they may differ for a moment. */
export async function agrees({ session, pool, runs }: Desk): Promise<boolean> {
  const open = await session.doors.postgres.tasks.open();
  return open.ready === pool.waiting && open.running === runs.size;
}
