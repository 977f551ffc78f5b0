/** Leadership: the Redis lease is a hint, the epoch in Postgres is the truth; whoever raised it last leads. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresDoor } from "../postgres/door.ts";
import type { RedisDoor } from "../redis/door.ts";

/** Lease length. With a poll each 500 ms a successor leads within about 3.6 s of its holder's death (promised: 5 s). */
export const LEASE_TTL_MS = 3_000;
const RENEW_MS = 1_000;
const POLL_MS = 500;
/** Published when a lease is given up, so that a standby need not wait for its next poll. */
export const LEASE_TOPIC = "lease";

export interface LeaderOptions {
  readonly holder: string;
  readonly postgres: PostgresDoor;
  readonly redis: RedisDoor;
  /** The highest epoch seen anywhere but in Postgres: labels of our containers, runners. */
  floor(): Promise<number>;
  /** A reason why this daemon must not lead now (foreign install), or null. */
  obstacle(): Promise<string | null>;
  onWaiting(why: string): void;
}

/**
 * Waits until this daemon leads and returns its epoch. A held lease is not enough: Postgres must grant the epoch. With
 * Redis unreachable Postgres alone decides, by whether the leader's session lock is free.
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
  for (;;) {
    signal.throwIfAborted();
    const epoch = await attempt(options).catch((error: unknown) => {
      options.onWaiting(error instanceof Error ? error.message : String(error));
      return null;
    });
    if (epoch !== null) return epoch;
    await Promise.race([sleep(POLL_MS, undefined, { signal }), released()]);
  }
}

/** Without Redis the poll alone decides when to try again. */
async function listenForRelease(
  redis: RedisDoor,
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

async function attempt(options: LeaderOptions): Promise<number | null> {
  const { holder, postgres, redis } = options;
  const obstacle = await options.obstacle();
  if (obstacle !== null) {
    options.onWaiting(obstacle);
    return null;
  }
  const lease = await redis.takeLease(holder, LEASE_TTL_MS).then(
    (taken) => (taken ? "ours" : "theirs"),
    () => "unreachable",
  );
  if (lease === "theirs") {
    options.onWaiting("another daemon holds the lease");
    return null;
  }
  const epoch = await postgres.takeLeadership({
    holder,
    floor: await options.floor(),
    force: lease === "ours",
  });
  if (epoch === null)
    options.onWaiting("Redis is unreachable and the leader's database session is alive");
  return epoch;
}

export interface Keeping {
  /** Resolves with the reason when leadership is over. */
  readonly lost: Promise<string>;
  stop(): void;
}

/**
 * Keeps the lease while we lead. Losing Redis ends nothing. A lease that another daemon holds is only a hint to look at
 * the epoch: leadership is over exactly when Postgres says that the epoch moved on.
 */
export function keepLeadership(options: LeaderOptions, epoch: number): Keeping {
  const ending = new AbortController();
  const watch = async (): Promise<string> => {
    for (;;) {
      await sleep(RENEW_MS, undefined, { signal: ending.signal });
      const held = await options.redis.takeLease(options.holder, LEASE_TTL_MS).catch(() => null);
      if (held === true) continue;
      const current = await options.postgres.epoch().catch(() => epoch);
      if (current > epoch) return `epoch ${current} took over from ${epoch}`;
    }
  };
  const lost = watch().catch(() => "stopped");
  return { lost, stop: () => ending.abort() };
}
