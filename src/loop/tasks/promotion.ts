/** Waiting tasks whose time has come: backoffs over, deadlines passed, awaited tasks ended. */
import type { TaskRecord } from "../../model/task.ts";
import { constraintOn } from "../../plan/pool/constraint.ts";
import type { HeldBack } from "../../postgres/task-door.ts";
import { type Desk, troubled } from "./desk-state.ts";
import { poolLimits } from "./limits.ts";
import { takeEnd } from "./take-end.ts";

/** What is known of when to look next, so that an idle desk asks the database nothing. */
export interface Promotion {
  /** The next backoff or deadline; null: none. */
  dueAt: number | null;
  /** Some task may wait for another one: an end may make it ready. */
  awaited: boolean;
  /** Rises with whatever a look under way may have missed. */
  moves: number;
  timer: Readonly<{ handle: NodeJS.Timeout; at: number }> | null;
}

export function newPromotion(): Promotion {
  return { dueAt: 0, awaited: true, moves: 0, timer: null };
}

/** How often is looked at what is due. */
export const PROMOTE_MS = 1_000;
/** Ends come in bursts: one look serves those of a moment. */
const GLANCE_MS = 5;

/** A task came in; what it waits for may have ended meanwhile. */
export function noteSubmitted({ state, deadlineAt }: TaskRecord, desk: Desk): void {
  const { promotion } = desk;
  promotion.moves += 1;
  dueBy(deadlineAt, promotion);
  if (state !== "pending") return;
  promotion.awaited = true;
  promoteIn(0, desk);
}

/** Tasks ended or went back. Most ends make nobody ready, and looking costs the database as much as an end. */
export function noteSettled(records: readonly TaskRecord[], desk: Desk): void {
  const { promotion } = desk;
  promotion.moves += 1;
  if (promotion.awaited) promoteIn(GLANCE_MS, desk);
  for (const { state, notBefore } of records) {
    if (state !== "pending") continue;
    dueBy(notBefore, promotion);
    promoteAt(notBefore, desk);
  }
}

/** After doubt: something may have ended or come in unheard. */
export function promoteAnyway({ promotion }: Desk): void {
  promotion.moves += 1;
  promotion.awaited = true;
  promotion.dueAt = 0;
}

export async function promoteIfDue(desk: Desk): Promise<void> {
  const { dueAt } = desk.promotion;
  if (dueAt !== null && dueAt <= desk.session.now()) await promote(desk);
}

async function promote(desk: Desk): Promise<void> {
  const { session, promotion } = desk;
  const { moves } = promotion;
  const { ready, ended, nextAt, awaited } = await session.doors.postgres.tasks.promote(
    session.world.install.epoch,
    session.now(),
    heldBack(desk),
  );
  for (const task of ready) desk.pool.insert(task);
  for (const task of ended) takeEnd(task, desk);
  if (ready.length > 0) desk.dispatch();
  // What moved while it looked may be newer than what it saw.
  const still = promotion.moves === moves;
  promotion.awaited = awaited || !still;
  if (still) promotion.dueAt = nextAt;
  else dueBy(nextAt, promotion);
  promoteAt(nextAt, desk);
}

/** What binds each agent's waiting tasks, for those that are over now; looked for only when something is. */
function heldBack(desk: Desk): readonly HeldBack[] {
  const { pool, promotion, session } = desk;
  const now = session.now();
  if (promotion.dueAt === null || promotion.dueAt > now) return [];
  const limits = poolLimits(desk);
  return pool.byName().flatMap(({ agents }) =>
    [...agents.values()].flatMap(({ project, agent, queue }) => {
      if (queue.size === 0) return [];
      const task = { project, agent, deadlineAt: null, notBefore: null };
      return [{ project, agent, text: constraintOn(task, { pool, limits, now }).text }];
    }),
  );
}

/** Later ones are found by the regular look. */
function promoteAt(at: number | null, desk: Desk): void {
  const dueMs = at === null ? null : Math.max(0, at - desk.session.now());
  if (dueMs !== null && dueMs < PROMOTE_MS) promoteIn(dueMs + 1, desk);
}

/** One look is under way at most; an earlier one replaces a later one. */
function promoteIn(delayMs: number, desk: Desk): void {
  const { promotion } = desk;
  const at = performance.now() + delayMs;
  if (promotion.timer !== null && promotion.timer.at <= at) return;
  clearTimeout(promotion.timer?.handle);
  const handle = setTimeout(() => {
    promotion.timer = null;
    promote(desk).catch((error: unknown) => {
      promoteAnyway(desk);
      troubled("promote", error, desk.session);
    });
  }, delayMs).unref();
  promotion.timer = { handle, at };
}

function dueBy(at: number | null, promotion: Promotion): void {
  if (at !== null) promotion.dueAt = Math.min(promotion.dueAt ?? at, at);
}
