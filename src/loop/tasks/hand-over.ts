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

/** Gives one attempt to its runner. A refusal puts the task back; silence leaves it for the next connection. */
export async function handOver(claimed: Claimed, desk: Desk): Promise<void> {
  const { session } = desk;
  const { run, task, attempt, agent, payload, timeoutMs, project } = claimed;
  const held = desk.runs.get(run);
  try {
    await session.doors.runners.runTask(project, { run, task, attempt, agent, payload, timeoutMs });
  } catch (error) {
    if (error instanceof BerthError && error.kind !== "transient")
      await putBack(claimed, error, desk);
    else
      session.log.debug({ project, run, chain: causeChain(error) }, "attempt not handed over yet");
    return;
  }
  if (held !== undefined) took(held, desk);
  // Asked for while nobody knew whether the runner has it.
  if (desk.runs.get(run)?.cancelling === true) void cancelRun(project, run, desk);
  await desk.confirmHanded(run).catch((error: unknown) => troubled("confirm", error, session));
}

/** Its wait is over only now: one that is refused waits on, and another daemon's has been counted. */
function took(held: HeldRun, { session }: Desk): void {
  if (held.unhanded !== null && held.waitedMs !== null)
    session.metrics.taskWaited(held.project, held.waitedMs / 1000);
  held.unhanded = null;
}

async function putBack(claimed: Claimed, error: BerthError, desk: Desk): Promise<void> {
  const { session } = desk;
  session.log.warn(
    { project: claimed.project, task: claimed.task, code: error.code, detail: error.message },
    "the runner refused an attempt",
  );
  desk.runs.delete(claimed.run);
  await session.doors.postgres.tasks
    .unclaim(session.world.install.epoch, [claimed.run])
    .catch((thrown: unknown) => troubled("unclaim", thrown, session));
  desk.pool.finish(claimed.task);
  const record = await session.doors.postgres.tasks.get(claimed.task).catch((thrown: unknown) => {
    troubled("look again", thrown, session);
    return null;
  });
  if (record === null || record.state === "running") return;
  noteUntried(desk.measures, record, session.now());
  // Not at once: what the runner refuses now it refuses a moment later too.
  if (record.state === "ready")
    setTimeout(() => desk.enqueue(waitingOf(record)), PUT_BACK_MS).unref();
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
