/** Brings the database's schema up to date; several at once take turns. */
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { noneIfNew } from "./errors.ts";
import { clientConfig } from "./options.ts";
import type { PostgresOptions } from "./options.ts";
import type { Session } from "./session.ts";

/** Also the longest wait for another daemon's migration. */
const MIGRATE_MS = 60_000;
const FOLDER = fileURLToPath(new URL("./migrations", import.meta.url));
const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Applies every migration not applied yet, all in one transaction, under node-pg-migrate's advisory lock. */
export async function migrate(session: Session, options: PostgresOptions): Promise<void> {
  // Most starts find nothing to apply: then the migrator, a connection of its own and its lock are spared.
  if (await isUpToDate(session)) return;
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
      const { runner } = await import("node-pg-migrate");
      await runner({
        dbClient: client,
        dir: FOLDER,
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

/** Whether every migration's name is in the migrator's own table. */
async function isUpToDate(session: Session): Promise<boolean> {
  const files = await readdir(FOLDER);
  const applied = await session.read<{ name: string }>("migration-list").catch(noneIfNew);
  const names = new Set(applied.map(({ name }) => name));
  return files.every((file) => names.has(basename(file, ".sql")));
}
