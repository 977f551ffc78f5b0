/** One connection at a time: taken from the pool, used, given back or destroyed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase, Pool, PoolClient, QueryResultRow } from "pg";
import { isAnswer, isCrowded } from "./errors.ts";
import { sql } from "./sql.ts";

/** Statements by file name; inside a transaction or on their own. */
export interface Statements {
  readonly rows: Ask;
}

/** The statement of a file with its values; its rows. */
export type Ask = <R extends QueryResultRow>(
  query: string,
  values?: readonly unknown[],
) => Promise<readonly R[]>;

export interface Transaction extends Statements {
  /** As `rows`, and commits with it in one round trip: nothing may be asked, and nothing refused, after it. */
  readonly last: Ask;
}

/** The statements of this room on one connection. */
export function statementsOn(client: ClientBase): Statements {
  return {
    // Named, so that a connection parses and plans it once: that is half of what a small statement costs.
    rows: async <R extends QueryResultRow>(query: string, values: readonly unknown[] = []) =>
      (await client.query<R>({ name: query, text: sql(query), values: [...values] })).rows,
  };
}

/** A connection whose state is in doubt (network error, deadline passed) is destroyed, never returned to the pool. */
export async function withClient<T>(
  pool: Pool,
  signal: AbortSignal,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await taken(pool, signal);
  let released = false;
  const release = (destroy: boolean): void => {
    if (released) return;
    released = true;
    client.release(destroy);
    signal.removeEventListener("abort", abandon);
  };
  const abandon = (): void => release(true);
  signal.addEventListener("abort", abandon);
  try {
    if (signal.aborted)
      throw new Error("connection timeout: the call ended before it had a connection");
    const result = await work(client);
    release(false);
    return result;
  } catch (thrown) {
    release(!isAnswer(thrown));
    throw thrown;
  }
}

/** Soon enough for whoever waits, seldom enough for a server that has its hands full. */
const CROWDED_MS = 25;

/** A server that has no connection left for us leaves us those we have: what needs one more waits for one of them. */
async function taken(pool: Pool, signal: AbortSignal): Promise<PoolClient> {
  for (;;) {
    try {
      return await pool.connect();
    } catch (thrown) {
      if (!isCrowded(thrown) || pool.totalCount === 0 || signal.aborted) throw thrown;
      await sleep(CROWDED_MS);
    }
  }
}

/**
 * Commits what `work` did, or none of it. `opening` are statements without parameters that are sent with the `begin`; each
 * sees what was committed before it began. `work` does not wait for them: what it asks is on its way behind them, and
 * fails with them, so an opening guards by failing, not by what it answers.
 */
export async function inTransaction<T>(
  client: ClientBase,
  work: (tx: Transaction) => Promise<T>,
  opening: readonly string[] = [],
): Promise<T> {
  const opened = client.query(["begin", ...opening].join(";\n"));
  const tx = openTransaction(client);
  const working = work(tx);
  let result: T;
  try {
    [result] = await Promise.all([working, opened]);
  } catch (thrown) {
    // What it still asked after a rollback would stand by itself.
    await Promise.allSettled([working]);
    // Behind a failed opening everything fails, and says no more than that.
    const cause: unknown = await opened.then(
      () => thrown,
      (first: unknown) => first,
    );
    // Only a connection in step can be rolled back; any other is destroyed by `withClient`, which rolls back as well.
    if (isAnswer(cause) && !tx.over()) await client.query("rollback");
    throw cause;
  }
  if (!tx.over()) await client.query("commit");
  return result;
}

function openTransaction(client: ClientBase): Transaction & Readonly<{ over: () => boolean }> {
  const { rows } = statementsOn(client);
  let over = false;
  return {
    rows,
    over: () => over,
    async last<R extends QueryResultRow>(query: string, values?: readonly unknown[]) {
      const asked = rows<R>(query, values);
      over = true;
      // After a failed statement this `commit` is a rollback.
      const [found] = await Promise.all([asked, client.query("commit")]);
      return found;
    },
  };
}
