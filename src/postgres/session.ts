/** What the rest of this room stands on: reads, fenced writes and guarded calls over one pool. */
import { Pool } from "pg";
import type { QueryResultRow } from "pg";
import { withDeadline } from "../guard/deadline.ts";
import { openGuard } from "../guard/guard.ts";
import { inTransaction, statementsOn, withClient } from "./connection.ts";
import type { Transaction } from "./connection.ts";
import { turnText } from "./locks.ts";
import type { Turn } from "./locks.ts";
import { BY_KEY, LIMITS, PLANNED_ONCE, poolConfig, SPILLED } from "./options.ts";
import type { PostgresLimits, PostgresOptions } from "./options.ts";
import { openReach } from "./reach.ts";
import type { Reach } from "./reach.ts";
import { sqlWith } from "./sql.ts";

export type Fence = "shared" | "exclusive";

export interface Session extends Reach {
  readonly limits: PostgresLimits;
  /** One statement on any connection. */
  read<R extends QueryResultRow>(query: string, values?: readonly unknown[]): Promise<readonly R[]>;
  /** A transaction during which the epoch stands still; throws `postgres.epoch-stale` without a trace when it is not `epoch`. */
  write<T>(
    request: Readonly<{ operation: string; epoch: number; fence?: Fence; turn?: Turn }>,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T>;
  /** Fails as a write would that needs room. */
  room(): Promise<void>;
  trouble(operation: string, error: unknown): void;
  close(): Promise<void>;
}

const CLOSE_MS = 2_000;

/** Opens no connection yet; the first call does. */
export function openSession(options: PostgresOptions): Session {
  const limits = { ...LIMITS, ...options.limits };
  const guard = options.guard ?? openGuard("postgres");
  const reach = openReach(guard);
  const pool = new Pool(poolConfig(options, limits));
  const trouble = (operation: string, error: unknown): void =>
    options.onTrouble?.(operation, error);
  pool.on("error", (error) => trouble("idle connection", error));
  // For good, from the first moment: the pool takes its own listener away before it hands a connection over, and a server
  // that ends it in that very chunk of data would end the daemon. Whoever uses the connection hears of it by its query.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
    // Before whatever is asked next; if it fails, so does that.
    client.query(BY_KEY).catch(() => undefined);
  });

  return {
    ...reach,
    limits,
    trouble,
    read: (query, values) =>
      reach.reading(query, limits.callMs, (signal) =>
        withClient(pool, signal, (client) => statementsOn(client).rows(query, values)),
      ),
    write: ({ operation, epoch, fence = "shared", turn }, work) =>
      reach.guarded(operation, limits.callMs, (signal) =>
        withClient(pool, signal, (client) =>
          inTransaction(client, work, [
            PLANNED_ONCE,
            sqlWith(fence === "shared" ? "fence" : "fence-exclusive", [epoch]),
            ...(turn === undefined ? [] : [turnText(turn)]),
          ]),
        ),
      ),
    room: () =>
      reach.reading("room", limits.callMs, (signal) =>
        withClient(pool, signal, (client) =>
          inTransaction(client, async (tx) => void (await tx.rows("room")), [SPILLED]),
        ),
      ),
    close: async () => {
      if (options.guard === undefined) guard.close();
      // A stalled server would never say goodbye.
      const goodbye = { door: "postgres", operation: "close", timeoutMs: CLOSE_MS };
      await withDeadline(goodbye, () => pool.end()).catch((error: unknown) =>
        trouble("close", error),
      );
    },
  };
}
