/** The task desk: takes tasks in, gives them slots by the allocator, hands attempts to runners, takes their ends. */
import { createBatcher } from "../../base/batcher.ts";
import { BerthError } from "../../base/errors.ts";
import type { RunnerReport } from "../../model/observed.ts";
import type { SettledTask } from "../../model/task.ts";
import { PoolState } from "../../plan/pool/pool.ts";
import { NO_MEMORY } from "../../plan/pool/strategy.ts";
import type { SubmitRow } from "../../postgres/task-door.ts";
import type { Asker } from "../../postgres/door.ts";
import type { Session } from "../session.ts";
import { type Desk, type OpenDesk, type SubmitAnswer, troubled, waitingOf } from "./desk-state.ts";
import { createBreakerKeeper, recall } from "./breaker-keeper.ts";
import { dispatchRound } from "./dispatch.ts";
import { handAgain, handStale } from "./hand-over.ts";
import { type BreakerChange, forgetMeasures, freeProbes, newMeasures } from "./measures.ts";
import { keepLeases } from "./leases.ts";
import { PROMOTE_MS, newPromotion, noteSettled, noteSubmitted, promoteIfDue } from "./promotion.ts";
import { agrees, resync } from "./resync.ts";
import { submitAll } from "./submit-all.ts";
import { takeEnd } from "./take-end.ts";
import { takeOver } from "./take-over.ts";
import { createTelling } from "./telling.ts";
import { tellBreaker } from "./tell.ts";
import { nextRoundAt } from "./next-round.ts";
import { forgetVanished } from "./vanished.ts";

const MAX_BATCH = 500;
/** Submissions that may wait for the database at once; past it callers are told to come again. */
const MAX_WAITING = 20_000;
/** How soon an attempt whose handing over was not answered is handed over again. */
const HAND_AGAIN_MS = 3_000;
const RENEW_MS = 20_000;

/**
 * That a runner has an attempt is only written once it has lived this long: the end of a shorter one says it too, and one
 * that is handed over again because it was not written is not started again.
 */
const HANDED_LATE_MS = 250;
/** Between rounds that gave slots: those that come free meanwhile are given together, in one transaction. */
const ROUND_PACE_MS = 10;

/** How soon a desk that doubts what it remembers reads it anew. */
const DOUBT_MS = 500;
/** How often what is remembered is counted against what is recorded. */
const AUDIT_MS = 15_000;

/** Opens the desk of one leader session: everything recorded as waiting or running is taken over. */
export async function openDesk(session: Session): Promise<OpenDesk> {
  const { tasks } = session.doors.postgres;
  const desk = newDesk(session);
  const submit = createBatcher<Readonly<{ row: SubmitRow; by: Asker }>, SubmitAnswer>({
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    overflow: () =>
      new BerthError("capacity", {
        code: "task.intake-full",
        detail: `${MAX_WAITING} submissions wait for the database already`,
        hint: "come again in a few seconds",
      }),
    run: (items) => submitAll(items, session),
  });
  const telling = createTelling(desk);
  for (const task of await tasks.waiting()) desk.pool.insert(task);
  await recall(desk);
  for (const attempt of await tasks.running()) await takeOver(attempt, desk);
  // What went back or ended while nobody led said so to no breaker.
  freeProbes(desk.measures, (task) => desk.pool.holds(task), session.now());
  // Only now: a desk that could not be opened leaves nothing behind.
  const timers = [
    every(PROMOTE_MS, () => promoteIfDue(desk), desk),
    every(HAND_AGAIN_MS, () => handStale(desk), desk),
    every(RENEW_MS, () => keepLeases(desk, performance.now()), desk),
    every(AUDIT_MS, async () => ((await agrees(desk)) ? undefined : desk.doubt()), desk),
  ];
  // The same object, not a copy: what rounds remember must be what readers see.
  return Object.assign(desk, {
    async submit(row: SubmitRow, by: Asker) {
      const answer = await submit({ row, by });
      if (answer.ok && answer.fresh) telling.submitted(answer.task, by);
      if (answer.ok && answer.fresh && answer.task.state === "ready")
        desk.enqueue(waitingOf(answer.task));
      if (answer.ok) noteSubmitted(answer.task, desk);
      // The claim goes out first: writing the answer takes longer than asking for the slot.
      await nextTick();
      return answer;
    },
    settled(records: readonly SettledTask[]) {
      for (const record of records) takeEnd(record, desk);
      noteSettled(records, desk);
    },
    connected: (project: string) => handAgain(project, desk),
    forget: (project: string) => forgetMeasures(desk.measures, project),
    reported(report: RunnerReport) {
      forgetVanished(report, desk);
      // A workspace or a secret may have become ready.
      if (desk.pool.waiting > 0) desk.dispatch();
    },
    progressed: telling.progressed,
    recording: telling.recording,
    recorded: telling.recorded,
    close: () => timers.forEach((timer) => clearInterval(timer)),
  });
}

/** Writes, a little later, that runners have the attempts that still run then. */
function createConfirm(
  session: Session,
  runs: (run: string) => boolean,
): (run: string) => Promise<boolean> {
  return createBatcher<string, boolean>({
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    overflow: () => new Error("too many attempts wait to be confirmed"),
    run: async (handed) => {
      await pause(HANDED_LATE_MS);
      const open = handed.filter(runs);
      const { epoch } = session.world.install;
      if (open.length > 0) await session.doors.postgres.tasks.handed(epoch, open);
      return handed.map(() => true);
    },
  });
}

function onBreaker(session: Session): (change: BreakerChange) => void {
  const keep = createBreakerKeeper(session);
  return (change) => {
    keep(change);
    tellBreaker(change, session);
  };
}

function newDesk(session: Session): Desk {
  let asked = false;
  let doubted = false;
  const mendSoon = onceIn(DOUBT_MS, () => mendOrLater(desk));
  let gaveAt = -Infinity;
  let rounds: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  /** What waits for a cool-down starts when it ends, not with the next news. */
  const again = (): void => {
    clearTimeout(timer);
    const at = desk.pool.waiting > 0 ? nextRoundAt(desk) : null;
    if (at === null || session.signal.aborted) return;
    timer = setTimeout(() => desk.dispatch(), at - session.now());
    timer.unref();
  };
  const desk: Desk = {
    session,
    pool: new PoolState(),
    runs: new Map(),
    handing: new Set(),
    measures: newMeasures(onBreaker(session)),
    promotion: newPromotion(),
    silentSince: new Map(),
    memory: NO_MEMORY,
    confirmHanded: createConfirm(session, (run) => desk.runs.has(run)),
    dispatch() {
      if (asked || session.signal.aborted) return;
      asked = true;
      rounds = after(rounds, async () => {
        const early = gaveAt + ROUND_PACE_MS - performance.now();
        if (early > 0) await pause(early);
        asked = false;
        session.idle.rouse();
        if (await round(desk)) gaveAt = performance.now();
        again();
      });
    },
    enqueue(task) {
      desk.pool.insert(task);
      desk.dispatch();
    },
    doubt() {
      doubted = true;
      mendSoon();
    },
    async mend() {
      if (!doubted) return;
      doubted = false;
      rounds = after(rounds, () =>
        resync(desk).catch((error: unknown) => troubled("resync", error, session)),
      );
      await rounds;
    },
  };
  return desk;
}

/** Whether it gave slots, or may have. */
async function round(desk: Desk): Promise<boolean> {
  try {
    return await dispatchRound(desk);
  } catch (thrown) {
    troubled("round", thrown, desk.session);
    return true;
  }
}

/** A desk without doubt has no timer for it; one whose database is away keeps it until it is back. */
function mendOrLater(desk: Desk): void {
  const { session } = desk;
  if (session.signal.aborted) return;
  if (session.modes.holds("postgres-gone")) desk.doubt();
  else desk.mend().catch((error: unknown) => troubled("upkeep", error, session));
}

/** Many calls within `ms` of the first are one. */
function onceIn(ms: number, work: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, ms).unref();
  };
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** By the timers that tests can turn, as all of the desk's. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One round after the other: two at once would both see the same free slots. */
async function after(before: Promise<void>, work: () => Promise<void>): Promise<void> {
  await before;
  await work();
}

function every(ms: number, work: () => Promise<void>, desk: Desk): NodeJS.Timeout {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || desk.session.signal.aborted || desk.session.modes.holds("postgres-gone")) return;
    busy = true;
    work()
      .catch((error: unknown) => troubled("upkeep", error, desk.session))
      .finally(() => {
        busy = false;
      });
  }, ms);
  timer.unref();
  return timer;
}
