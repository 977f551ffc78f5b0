/** Leadership: the Redis lease is a hint, the epoch in Postgres is the truth; whoever raised it last leads. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresDoor } from "../postgres/door.ts";
import type { RedisDoor } from "../redis/door.ts";

/** Lease length. With a poll each 500 ms a successor leads within about 3.6 s of its holder's freezing, sooner after a death (promised: 5 s). */
const LEASE_TTL_MS = 3_000;
const RENEW_MS = 1_000;
const POLL_MS = 500;
/** Taking the lease and getting an epoch for it are this close together; a daemon that was killed and starts again waits no longer. */
const DOUBT_MS = 150;
/** Published when a lease is given up, so that a standby need not wait for its next poll. */
export const LEASE_TOPIC = "lease";

export interface LeaderOptions {
  readonly holder: string;
  readonly postgres: Pick<PostgresDoor, "takeLeadership" | "epoch">;
  readonly redis: Pick<RedisDoor, "takeLease" | "subscribe">;
  /** The highest epoch seen anywhere but in Postgres: labels of our containers, runners. */
  floor(): Promise<number>;
  /** A reason why this daemon must not lead now (foreign install), or null. */
  obstacle(): Promise<string | null>;
  /** Makes what leading stands on, before an epoch is taken for it; what it throws ends the wait. */
  prepare(): Promise<void>;
  onWaiting(why: string): void;
}

/**
 * Waits until this daemon leads and returns its epoch. A held lease is not enough: Postgres must grant the epoch. With
 * Redis unreachable, or a lease whose holder may be dead, Postgres decides alone, by whether the leader's session lock is
 * free: a killed leader's is free at once, so nobody waits for its lease to run out.
 */
export async function awaitLeadership(
  options: LeaderOptions,
  signal: AbortSignal,
): Promise<number> {
  const wake = await listenForRelease(options.redis);
  try {
    return await tryUntilGranted(options, wake.released, signal);
  } finally {
    await wake.close();
  }
}

async function tryUntilGranted(
  options: LeaderOptions,
  released: () => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  let doubted = false;
  for (;;) {
    signal.throwIfAborted();
    const tried: Attempt = await attempt(options, doubted).catch((error: unknown) => {
      if (error instanceof Unprepared) throw error.cause;
      options.onWaiting(error instanceof Error ? error.message : String(error));
      return { epoch: null, lease: null };
    });
    if (tried.epoch !== null) return tried.epoch;
    // Who only just took the lease has no epoch yet, hence no lock: it is given until the next look.
    const doubts = tried.lease === "theirs";
    const waitMs = doubts && !doubted ? DOUBT_MS : POLL_MS;
    doubted = doubts;
    await Promise.race([sleep(waitMs, undefined, { signal }), released()]);
  }
}

/** Without Redis the poll alone decides when to try again. */
async function listenForRelease(
  redis: LeaderOptions["redis"],
): Promise<Readonly<{ released(): Promise<void>; close(): Promise<void> }>> {
  let next = Promise.withResolvers<void>();
  const subscription = await redis
    .subscribe(LEASE_TOPIC, () => {
      next.resolve();
      next = Promise.withResolvers<void>();
    })
    .catch(() => null);
  return {
    released: () => next.promise,
    close: async () => subscription?.close().catch(() => undefined),
  };
}

type Lease = "ours" | "theirs" | "unreachable";

interface Attempt {
  readonly epoch: number | null;
  /** Null when it was not asked for. */
  readonly lease: Lease | null;
}

/** `doubted`: somebody else held the lease at the attempt before, so ask whether its database session lives. */
async function attempt(options: LeaderOptions, doubted: boolean): Promise<Attempt> {
  const { holder, redis } = options;
  const obstacle = await options.obstacle();
  if (obstacle !== null) {
    options.onWaiting(obstacle);
    return { epoch: null, lease: null };
  }
  const lease = await redis.takeLease(holder, LEASE_TTL_MS).then(
    (taken) => (taken ? "ours" : "theirs"),
    () => "unreachable" as const,
  );
  const mayAsk = lease !== "theirs" || doubted;
  const epoch = mayAsk ? await askFor(options, lease === "ours") : null;
  if (epoch === null)
    options.onWaiting(
      lease === "theirs"
        ? "another daemon holds the lease"
        : "Redis is unreachable and the leader's database session is alive",
    );
  return { epoch, lease };
}

async function askFor(options: LeaderOptions, force: boolean): Promise<number | null> {
  const [floor] = await Promise.all([
    options.floor(),
    options.prepare().catch((cause: unknown) => {
      throw new Unprepared("what leading stands on cannot be made", { cause });
    }),
  ]);
  return options.postgres.takeLeadership({ holder: options.holder, floor, force });
}

/** Only carries its cause out of the attempts. */
class Unprepared extends Error {}

export interface Keeping {
  /** Resolves with the reason when leadership is over. */
  readonly lost: Promise<string>;
  stop(): void;
}

/**
 * Keeps the lease while we lead. Losing it ends nothing: leadership is over exactly when Postgres says that the epoch
 * moved on, which is asked apart from the lease, so that neither store's silence delays the other's answer.
 */
export function keepLeadership(options: LeaderOptions, epoch: number): Keeping {
  const ending = new AbortController();
  const everySecond = async (work: () => Promise<string | null>): Promise<string> => {
    for (;;) {
      await sleep(RENEW_MS, undefined, { signal: ending.signal });
      const over = await work().catch(() => null);
      if (over !== null) return over;
    }
  };
  const renew = async (): Promise<null> => {
    await options.redis.takeLease(options.holder, LEASE_TTL_MS);
    return null;
  };
  const look = async (): Promise<string | null> => {
    const current = await options.postgres.epoch();
    return current > epoch ? `epoch ${current} took over from ${epoch}` : null;
  };
  const lost = Promise.race([everySecond(renew), everySecond(look)]).catch(() => "stopped");
  return { lost, stop: () => ending.abort() };
}
