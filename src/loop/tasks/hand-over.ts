/** Handing attempts to runners: an attempt is started at most once, whatever is lost on the way. */
import { BerthError, causeChain } from "../../base/errors.ts";
import type { Claimed } from "../../postgres/task-door.ts";
import { type Desk, type HeldRun, troubled, waitingOf } from "./desk-state.ts";
import { noteUntried } from "./measures.ts";

/** What was claimed but not confirmed goes to the runner once more: it starts no run twice. */
export function handAgain(project: string, desk: Desk): void {
  for (const held of desk.runs.values()) {
    if (held.project !== project) continue;
    if (held.unhanded !== null) void handOver(held.unhanded, desk);
    else if (held.cancelling) void cancelRun(held.project, held.run, desk);
  }
  desk.dispatch();
}

/** Attempts that a connected runner should have by now: an answer may be lost on a connection that lives on. */
export async function handStale(desk: Desk): Promise<void> {
  const { session } = desk;
  const now = session.now();
  const stale = [...desk.runs.values()].flatMap(({ unhanded, startedAt, project }) =>
    unhanded !== null && now - startedAt > STALE_MS && session.doors.runners.connected(project)
      ? [unhanded]
      : [],
  );
  await Promise.all(stale.map((claimed) => handOver(claimed, desk)));
}

/** Longer than a request's own deadline, so that an answer still under way is not overtaken. */
const STALE_MS = 6_000;

/**
 * Gives one attempt to its runner. A refusal puts the task back; silence leaves it for the next connection. One offer at a time: of two
 * under way one could be taken and the other refused.
 */
export async function handOver(claimed: Claimed, desk: Desk): Promise<void> {
  const { handing, session } = desk;
  const { run } = claimed;
  if (handing.has(run) || desk.runs.get(run)?.withdrawn === true) return;
  handing.add(run);
  const taken = await offer(claimed, desk).finally(() => handing.delete(run));
  if (taken)
    await desk.confirmHanded(run).catch((error: unknown) => troubled("confirm", error, session));
}

/** True: its runner has it. */
async function offer(claimed: Claimed, desk: Desk): Promise<boolean> {
  const { session } = desk;
  const { run, task, attempt, agent, payload, timeoutMs, project } = claimed;
  const held = desk.runs.get(run);
  try {
    await session.doors.runners.runTask(project, { run, task, attempt, agent, payload, timeoutMs });
  } catch (error) {
    if (error instanceof BerthError && error.kind !== "transient")
      await refused(claimed, error, desk);
    else {
      if (held !== undefined) held.unsure = true;
      session.log.debug({ project, run, chain: causeChain(error) }, "attempt not handed over yet");
    }
    return false;
  }
  if (held !== undefined) took(held, desk);
  // Asked for while nobody knew whether the runner has it.
  if (desk.runs.get(run)?.cancelling === true) void cancelRun(project, run, desk);
  return true;
}

/** Its wait is over only now: one that is refused waits on, and another daemon's has been counted. */
function took(held: HeldRun, { session }: Desk): void {
  if (held.unhanded !== null && held.waitedMs !== null)
    session.metrics.taskWaited(held.project, held.waitedMs / 1000);
  held.unhanded = null;
  held.refused = false;
}

/** Only of a first offer a refusal says for certain that nothing has begun; else the journal has the word (see vanished). */
async function refused(claimed: Claimed, error: BerthError, desk: Desk): Promise<void> {
  const { project, task, run } = claimed;
  const held = desk.runs.get(run);
  // It has ended meanwhile.
  if (held === undefined) return;
  const { code, message: detail } = error;
  desk.session.log.warn({ project, task, code, detail }, "the runner refused an attempt");
  if (held.unsure) held.refused = true;
  else await putBack(held, desk);
}

/**
 * The attempt never was. It keeps its slot, and is offered to nobody, until the records say so: one that could not be taken back still is,
 * and one that was taken back unheard (its answer was lost, or comes after a comparison) must neither begin nor free the slot of another.
 */
export async function putBack(held: HeldRun, desk: Desk): Promise<void> {
  const { session } = desk;
  const { run, task: id, project, agent } = held;
  held.withdrawn = true;
  try {
    await session.doors.postgres.tasks.unclaim(session.world.install.epoch, [run]);
  } catch (error) {
    desk.doubt();
    troubled("unclaim", error, session);
    return;
  }
  if (desk.runs.get(run) !== held) return;
  desk.runs.delete(run);
  desk.pool.finish(id);
  noteUntried(desk.measures, { id, project, agent }, session.now());
  // Not at once: what the runner refuses now it refuses a moment later too.
  enqueueLater(id, PUT_BACK_MS, desk);
}

/** A task that goes back is looked up when its pause is over: it may have been cancelled, moved, or found by a comparison. */
export function enqueueLater(task: string, ms: number, desk: Desk): void {
  const { session } = desk;
  const enqueue = async (): Promise<void> => {
    const record = await session.doors.postgres.tasks.get(task);
    if (record?.state === "ready") desk.enqueue(waitingOf(record));
  };
  setTimeout(() => {
    if (session.signal.aborted) return;
    enqueue().catch((error: unknown) => troubled("look again", error, session));
  }, ms).unref();
}

const PUT_BACK_MS = 1_000;

export async function cancelRun(project: string, run: string, desk: Desk): Promise<void> {
  const held = desk.runs.get(run);
  if (held !== undefined) held.cancelling = true;
  await desk.session.doors.runners
    .cancelRun(project, run)
    .catch((error: unknown) =>
      desk.session.log.debug(
        { project, run, chain: causeChain(error) },
        "cancel not delivered yet",
      ),
    );
}
