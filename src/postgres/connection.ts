/** One connection at a time: taken from the pool, used, given back or destroyed. */
import type { ClientBase, Pool, PoolClient, QueryResult, QueryResultRow } from "pg";
import { isAnswer } from "./errors.ts";
import { sql } from "./sql.ts";

/** Statements by file name; inside a transaction or on their own. */
export interface Statements {
  rows<R extends QueryResultRow>(query: string, values?: readonly unknown[]): Promise<readonly R[]>;
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
  const client = await pool.connect();
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

/**
 * Commits what `work` did, or none of it. `opening` are statements without parameters that are sent with the `begin`, in
 * one round trip; each sees what was committed before it began. `work` is given the rows of each.
 */
export async function inTransaction<T>(
  client: ClientBase,
  work: (tx: Statements, opened: readonly (readonly QueryResultRow[])[]) => Promise<T>,
  opening: readonly string[] = [],
): Promise<T> {
  let result: T;
  try {
    const answer = await client.query(["begin", ...opening].join(";\n"));
    // pg answers several statements with a list, which its types do not say.
    const answers = [answer].flat() as readonly QueryResult[];
    result = await work(
      statementsOn(client),
      answers.slice(1).map(({ rows }) => rows),
    );
  } catch (thrown) {
    // Only a connection in step can be rolled back; any other is destroyed by `withClient`, which rolls back as well.
    if (isAnswer(thrown)) await client.query("rollback");
    throw thrown;
  }
  await client.query("commit");
  return result;
}
