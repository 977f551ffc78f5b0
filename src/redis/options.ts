/** How Redis is reached, and how long each kind of waiting may last. */
import type { RedisOptions as ClientOptions } from "ioredis";
import type { Guard } from "../guard/guard.ts";
import { delayMs } from "../guard/retry.ts";
import type { Chance } from "../guard/retry.ts";

export interface RedisOptions {
  readonly url: string;
  readonly install: string;
  /** Without one the door opens its own, named `redis`. */
  readonly guard?: Guard;
  /** Told of what nobody waits for: a lost connection, a failed reconnect. */
  readonly onTrouble?: (operation: string, error: unknown) => void;
  readonly chance?: Chance;
  readonly limits?: Partial<RedisLimits>;
}

export interface RedisLimits {
  /** One call of the door, the wait for a connection included; below the lease's renewal time. */
  readonly callMs: number;
  readonly connectMs: number;
  /** A connection that owes an answer this long is given up and made anew. */
  readonly silenceMs: number;
}

export const LIMITS: RedisLimits = { callMs: 1_000, connectMs: 1_000, silenceMs: 2_000 };
const RECONNECT = { firstMs: 50, maxMs: 1_000 };

/**
 * No offline queue: a command that waits there is sent after its caller has given up, so the door waits for the connection itself.
 * Nor is anything sent twice. `silenceMs` is what ends the queue of unanswered commands of a stalled server.
 */
export function clientOptions(
  options: RedisOptions,
  limits: RedisLimits,
): ClientOptions & Readonly<{ replyMapping: "legacy" }> {
  const chance = options.chance ?? Math.random;
  return {
    replyMapping: "legacy",
    lazyConnect: true,
    commandTimeout: limits.callMs,
    connectTimeout: limits.connectMs,
    socketTimeout: limits.silenceMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: true,
    keepAlive: 5_000,
    retryStrategy: (times) => delayMs(RECONNECT, times - 1, chance),
  };
}
