/** How Postgres is reached: where, as whom, and how long each kind of waiting may last. */
import { types as pgTypes } from "pg";
import type { ClientConfig, PoolConfig } from "pg";
import type { Guard } from "../guard/guard.ts";
import type { Chance } from "../guard/retry.ts";

export interface PostgresOptions {
  readonly url: string;
  readonly install: string;
  readonly applicationName?: string;
  /** Without one the door opens its own, named `postgres`. */
  readonly guard?: Guard;
  /** Told of what nobody waits for: a connection lost while idle, a failed attempt to get the leader's lock back. */
  readonly onTrouble?: (operation: string, error: unknown) => void;
  readonly chance?: Chance;
  readonly limits?: Partial<PostgresLimits>;
}

export interface PostgresLimits {
  /** Connections at once. */
  readonly connections: number;
  readonly connectMs: number;
  /** One statement. */
  readonly statementMs: number;
  /** One call of the door, the wait for a connection included. */
  readonly callMs: number;
}

export const LIMITS: PostgresLimits = {
  connections: 8,
  connectMs: 3_000,
  statementMs: 5_000,
  callMs: 6_000,
};

/**
 * Plans are kept with the connection, and one made while a table was small must not read all of it once it is large. All
 * that is written often is found by key, so that is the only way that is left; compiling plans would cost more than they do.
 */
export const BY_KEY =
  "set jit = off; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

/**
 * What is written is found by key, whatever the values: without this the server plans a claim and an end anew each time, because
 * it believes that a list's length matters, and planning costs as much as doing it. Reads that filter by what may be null need their own plans.
 */
export const PLANNED_ONCE = "set local plan_cache_mode = force_generic_plan";

/** What is sorted goes to the disk that the tables are on. */
export const SPILLED = "set local work_mem = '64kB';\nset local temp_tablespaces = ''";

/** A leader stopped in mid-transaction must not hold the epoch's row against its successor, who has 5 s. */
const IDLE_IN_TRANSACTION_MS = 2_000;
/** Longer than the 15 s between looks that come together: a connection made anew each time costs both sides its login and all its plans. */
const IDLE_CONNECTION_MS = 60_000;
/** Kept however idle: where others take all that a server has, these are what there is to work with. */
const KEPT_CONNECTIONS = 2;
const INT8_OID = 20;

/** Our bigints are counters and milliseconds, all below 2^53. */
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary"): ((value: string) => unknown) =>
    oid === INT8_OID ? Number : pgTypes.getTypeParser(oid, format === "binary" ? "text" : format),
};

/** What every connection of this door has in common. */
export function clientConfig(options: PostgresOptions, limits: PostgresLimits): ClientConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName ?? `berth-${options.install}`,
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.statementMs,
    // A little before our own deadline, so that a slow server says so itself and the connection survives.
    statement_timeout: Math.round(limits.statementMs * 0.9),
    lock_timeout: Math.round(limits.statementMs * 0.8),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    types,
  };
}

export function poolConfig(options: PostgresOptions, limits: PostgresLimits): PoolConfig {
  return {
    ...clientConfig(options, limits),
    // What a transaction asks is sent without waiting for what it asked before; the server answers in order.
    pipeline: true,
    max: limits.connections,
    min: KEPT_CONNECTIONS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
  };
}
