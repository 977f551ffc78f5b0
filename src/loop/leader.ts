/** Leadership: the Redis lease is a hint, the epoch in Postgres is the truth; whoever raised it last leads. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresDoor } from "../postgres/door.ts";
import type { RedisDoor } from "../redis/door.ts";

/** Lease length. With a poll each 500 ms a successor leads within about 3.6 s of its holder's freezing, sooner after a death (promised: 5 s). */
const LEASE_TTL_MS = 3_000;
const RENEW_MS = 1_000;
/** The epoch is looked at with every second renewal: whoever lost it cannot write anyway, and each look costs two wake-ups and a statement. */
const RENEWALS_A_LOOK = 2;
const POLL_MS = 500;
/** Taking the lease and getting an epoch for it are this close together; a daemon that was killed and starts again waits no longer. */
const DOUBT_MS = 150;
/** Published when a lease is given up, so that a standby need not wait for its next poll. */
export const LEASE_TOPIC = "lease";

export interface LeaderOptions {
  readonly holder: string;
  readonly postgres: Pick<PostgresDoor, "takeLeadership" | "epoch">;
  readonly redis: Pick<RedisDoor, "takeLease" | "readLease" | "releaseLease" | "subscribe">;
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
  const known: Known = { doubted: false, heldUntil: 0, taken: false };
  const wake = await listenForRelease(options.redis, () => {
    known.heldUntil = 0;
  });
  try {
    return await tryUntilGranted({ options, known, released: wake.released }, signal);
  } finally {
    await wake.close();
  }
}

/** What a candidate knows from its looks before. */
interface Known {
  /** Somebody else held the lease at the last look: the next one asks whether its database session lives. */
  doubted: boolean;
  /**
   * When the lease it saw in other hands ends, by this process' own time (ms). One that vanishes before, without having been released, was
   * wiped: its holder is given that long to take it again, and one that is dead is replaced no later than without the wipe.
   */
  heldUntil: number;
  /** The lease was taken for this candidacy. */
  taken: boolean;
}

interface Candidacy {
  readonly options: LeaderOptions;
  readonly known: Known;
  readonly released: () => Promise<void>;
}

async function tryUntilGranted(
  { options, known, released }: Candidacy,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const tried: Attempt = await attempt(options, known).catch((error: unknown) => {
      if (error instanceof Unprepared) throw error.cause;
      options.onWaiting(error instanceof Error ? error.message : String(error));
      return { epoch: null, lease: null };
    });
    if (tried.epoch !== null) return tried.epoch;
    // Who only just took the lease has no epoch yet, hence no lock: it is given until the next look.
    const doubts = tried.lease === "theirs" || tried.lease === "vanished";
    const waitMs = doubts && !known.doubted ? DOUBT_MS : POLL_MS;
    known.doubted = doubts;
    await Promise.race([sleep(waitMs, undefined, { signal }), released()]);
  }
}

/** Without Redis the poll alone decides when to try again. */
async function listenForRelease(
  redis: LeaderOptions["redis"],
  onReleased: () => void,
): Promise<Readonly<{ released(): Promise<void>; close(): Promise<void> }>> {
  let next = Promise.withResolvers<void>();
  const subscription = await redis
    .subscribe(LEASE_TOPIC, () => {
      onReleased();
      next.resolve();
      next = Promise.withResolvers<void>();
    })
    .catch(() => null);
  return {
    released: () => next.promise,
    close: async () => subscription?.close().catch(() => undefined),
  };
}

type Lease = "ours" | "theirs" | "vanished" | "unreachable";

interface Attempt {
  readonly epoch: number | null;
  /** Null when it was not asked for. */
  readonly lease: Lease | null;
}

const WAITS: Readonly<Record<Lease, string>> = {
  ours: "Postgres has not granted the epoch",
  theirs: "another daemon holds the lease",
  vanished: "the lease vanished from Redis: its holder is given time to take it again",
  unreachable: "Redis is unreachable and the leader's database session is alive",
};

async function attempt(options: LeaderOptions, known: Known): Promise<Attempt> {
  const obstacle = await options.obstacle();
  if (obstacle !== null) {
    options.onWaiting(obstacle);
    return { epoch: null, lease: null };
  }
  const lease = await leaseFor(options, known);
  const mayAsk = lease === "ours" || lease === "unreachable" || known.doubted;
  const epoch = mayAsk ? await askFor(options, lease === "ours") : null;
  if (epoch === null) options.onWaiting(WAITS[lease]);
  return { epoch, lease };
}

/** Looks before it takes: only a lease that ran out, was released or never was is free. */
async function leaseFor({ holder, redis }: LeaderOptions, known: Known): Promise<Lease> {
  try {
    const { holder: seen, ttlMs } = await redis.readLease();
    const now = performance.now();
    if (seen === null && now < known.heldUntil) return "vanished";
    if (seen !== null && seen !== holder) {
      known.heldUntil = now + ttlMs;
      return "theirs";
    }
    if (seen === holder && !known.taken) {
      // Left of a leadership of ours that is over: whoever ended it leads without a lease yet.
      await redis.releaseLease(holder);
      known.heldUntil = now + LEASE_TTL_MS;
      return "vanished";
    }
    known.taken = await redis.takeLease(holder, LEASE_TTL_MS);
    if (!known.taken) known.heldUntil = now + LEASE_TTL_MS;
    return known.taken ? "ours" : "theirs";
  } catch {
    // It may come back empty.
    known.heldUntil = performance.now() + LEASE_TTL_MS;
    return "unreachable";
  }
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
 * moved on, which is asked apart from the lease, so that neither store's silence delays the other's answer; but at the same
 * moments, since each wakes the daemon.
 */
export function keepLeadership(options: LeaderOptions, epoch: number): Keeping {
  const ending = new AbortController();
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const renew = oneAtATime(async () => {
    await options.redis.takeLease(options.holder, LEASE_TTL_MS);
  });
  const look = oneAtATime(async () => {
    const current = await options.postgres.epoch();
    if (current > epoch) lose(`epoch ${current} took over from ${epoch}`);
  });
  const keep = async (): Promise<never> => {
    for (let turn = 1; ; turn += 1) {
      await sleep(RENEW_MS, undefined, { signal: ending.signal });
      renew();
      if (turn % RENEWALS_A_LOOK === 0) look();
    }
  };
  keep().catch(() => lose("stopped"));
  return { lost, stop: () => ending.abort() };
}

/** Asks again only once the last answer has come; a failure is as good as an answer, since the next second asks anew. */
function oneAtATime(work: () => Promise<void>): () => void {
  let busy = false;
  return () => {
    if (busy) return;
    busy = true;
    void work()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  };
}
