/** An allocation round: decide on what is known, claim durably, hand over. */
import { randomBytes } from "node:crypto";
import type { ClaimRequest, Claimed } from "../../postgres/task-door.ts";
import { allocatePool } from "../../plan/pool/allocate-pool.ts";
import { STRATEGIES } from "../../plan/pool/strategies.ts";
import { type Desk, LEASE_MS, troubled } from "./desk-state.ts";
import { enqueueLater, handOver } from "./hand-over.ts";
import { noteStart, noteUntried } from "./measures.ts";
import { movedLimits } from "./limits.ts";

/** Claims a transaction; a round that decides more takes several. */
const CLAIMS = 500;

/**
 * Decides and acts. What is decided holds its slot in memory before anything is awaited, so the next round cannot give
 * it away; what the database does not confirm gives it back. Tells whether there was anything to give.
 */
export async function dispatchRound(desk: Desk): Promise<boolean> {
  const { session, pool } = desk;
  if (session.modes.holds("postgres-gone") || pool.waiting === 0) return false;
  const limits = movedLimits(desk);
  const strategy = STRATEGIES[session.world.host.strategy];
  const now = session.now();
  const { decisions, memory } = allocatePool(pool, limits, { strategy, memory: desk.memory, now });
  desk.memory = memory;
  if (decisions.length === 0) return false;
  const readyAt = new Map(decisions.map(({ task }) => [task.id, task.readyAt]));
  const claims = decisions.map(({ task, by, why }) => {
    pool.start(task.id, now);
    noteStart(desk.measures, task, now);
    return { task: task.id, run: newRun(now), leaseMs: LEASE_MS, by, why };
  });
  for (let from = 0; from < claims.length; from += CLAIMS)
    await claim(claims.slice(from, from + CLAIMS), { slots: limits.slots, readyAt, desk });
  return true;
}

interface Round {
  readonly slots: number;
  /** By task that gets a slot in it. */
  readonly readyAt: ReadonlyMap<string, number>;
  readonly desk: Desk;
}

async function claim(claims: readonly ClaimRequest[], round: Round): Promise<void> {
  const { slots, desk } = round;
  const { session } = desk;
  const { tasks } = session.doors.postgres;
  try {
    const claimed = await tasks.claim(session.world.install.epoch, slots, claims);
    const confirmed = new Set(claimed.map(({ task }) => task));
    for (const one of claimed) take(one, round);
    for (const { task } of claims) if (!confirmed.has(task)) await lookAgain(task, desk);
  } catch (error) {
    // The slots stay taken until a comparison with the records tells which claims were made.
    desk.doubt();
    troubled("claim", error, session);
  }
}

function take(claimed: Claimed, { readyAt, desk }: Round): void {
  const { task, run, project, agent } = claimed;
  const startedAt = desk.session.now();
  const waitedMs = Math.max(0, startedAt - (readyAt.get(task) ?? startedAt));
  const fresh = {
    unhanded: claimed,
    unsure: false,
    refused: false,
    withdrawn: false,
    cancelling: false,
    progress: null,
    begun: false,
  };
  desk.runs.set(run, { task, run, project, agent, startedAt, waitedMs, ...fresh });
  void handOver(claimed, desk);
}

/** The database knows better: the task was cancelled, ended, must wait on, or has an attempt, which a comparison takes over with its slot. */
async function lookAgain(task: string, desk: Desk): Promise<void> {
  const { session } = desk;
  const record = await session.doors.postgres.tasks.get(task);
  if (record?.state === "running") {
    desk.doubt();
    return;
  }
  desk.pool.finish(task);
  if (record === null) return;
  noteUntried(desk.measures, record, session.now());
  if (record.state === "ready") enqueueLater(task, LOOK_AGAIN_MS, desk);
}

const LOOK_AGAIN_MS = 250;

/** Sorts by time, as the runner's own ids do; unique without asking anybody. */
function newRun(now: number): string {
  return `${now.toString(36)}-${randomBytes(5).toString("hex")}`;
}
