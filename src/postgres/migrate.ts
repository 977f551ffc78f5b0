/** Brings the database's schema up to date; several at once take turns. */
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { Client } from "pg";
import { clientConfig } from "./options.ts";
import type { PostgresOptions } from "./options.ts";
import type { Session } from "./session.ts";

/** Also the longest wait for another daemon's migration. */
const MIGRATE_MS = 60_000;
const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Applies every migration not applied yet, all in one transaction, under node-pg-migrate's advisory lock. */
export async function migrate(session: Session, options: PostgresOptions): Promise<void> {
  await session.guarded("migrate", MIGRATE_MS, async (signal) => {
    const client = new Client({
      ...clientConfig(options, session.limits),
      statement_timeout: MIGRATE_MS,
      lock_timeout: MIGRATE_MS,
      query_timeout: MIGRATE_MS,
    });
    client.on("error", nothing); // the pending query rejects as well
    const end = (): void => void client.end().catch(nothing);
    signal.addEventListener("abort", end);
    try {
      await client.connect();
      await runner({
        dbClient: client,
        dir: fileURLToPath(new URL("./migrations", import.meta.url)),
        migrationsTable: "migration",
        direction: "up",
        advisoryLockMode: "wait",
        singleTransaction: true,
        logger: quiet,
      });
    } finally {
      signal.removeEventListener("abort", end);
      await client.end().catch(nothing);
    }
  });
}
