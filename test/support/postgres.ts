/** A database of its own for each test file, cloned from a migrated template, dropped at the end; a leaked connection fails. */
import { createHash, randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import type { PostgresDoor } from "../../src/postgres/door.ts";
import { openPostgres } from "../../src/postgres/open.ts";
import type { PostgresOptions } from "../../src/postgres/options.ts";
import { startServer } from "./servers.ts";
import type { TestServer } from "./servers.ts";

const INSTALL = "test";
const LEAK_MS = 5_000;
const TEMPLATE_LOCK = 0x62657274;

export interface TestPostgres {
  readonly url: string;
  /** A door on this database; closed by `drop` unless the test closed it. */
  open(options?: Partial<PostgresOptions>): PostgresDoor;
  /** A door that leads, with its epoch. */
  lead(
    options?: Partial<PostgresOptions>,
  ): Promise<Readonly<{ door: PostgresDoor; epoch: number }>>;
  /** Straight to the tables, to look at the world. */
  sql<R extends QueryResultRow = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<R[]>;
  drop(): Promise<void>;
}

/** The image the integration tests run against. `inMemory`: directories that hold no more than their mount options say. */
export async function startPostgres({
  durable = false,
  inMemory = {},
}: Readonly<{ durable?: boolean; inMemory?: Readonly<Record<string, string>> }> = {}): Promise<
  TestServer & Readonly<{ url: string }>
> {
  const server = await startServer({
    image: process.env["BERTH_IMAGE_POSTGRES"] ?? "postgres:17-bookworm",
    port: 5432,
    environment: { POSTGRES_PASSWORD: "test", POSTGRES_DB: "postgres" },
    // No test cuts the power; a killed server's writes are in the page cache. Benches pay what users pay.
    command: durable ? ["postgres"] : ["postgres", "-c", "fsync=off", "-c", "full_page_writes=off"],
    direct: durable,
    inMemory,
    ask: (host, port) => once(urlAt(host, port), (client) => client.query("select 1")),
  });
  return { ...server, url: urlAt(server.host, server.port) };
}

function urlAt(host: string, port: number): string {
  return `postgres://postgres:test@${host}:${port}/postgres`;
}

/** `migrated: false` gives an empty database. */
export async function testPostgres({ migrated = true } = {}): Promise<TestPostgres> {
  const given = process.env["BERTH_TEST_DATABASE_URL"];
  const server = given === undefined ? await startPostgres() : null;
  const admin = server?.url ?? given ?? "";
  const name = `berth_test_${randomBytes(6).toString("hex")}`;
  const template = migrated ? await ensureTemplate(admin) : "template0";
  await once(admin, (client) => client.query(`create database ${name} template ${template}`));
  return testDatabase({ admin, name, server });
}

function testDatabase({
  admin,
  name,
  server,
}: Readonly<{ admin: string; name: string; server: TestServer | null }>): TestPostgres {
  const url = urlOf(admin, name);
  const doors: PostgresDoor[] = [];
  const open: TestPostgres["open"] = (options = {}) => {
    const door = openPostgres({ url, install: INSTALL, applicationName: name, ...options });
    doors.push(door);
    return door;
  };
  return {
    url,
    open,
    lead: async (options) => {
      const door = open(options);
      await door.install(INSTALL);
      const epoch = await door.takeLeadership({ holder: "leader", floor: 0, force: true });
      if (epoch === null) throw new Error("could not take leadership");
      return { door, epoch };
    },
    sql: (text, values = []) =>
      once(url, async (client) => (await client.query(text, [...values])).rows),
    drop: async () => {
      await Promise.all(doors.map((door) => door.close()));
      const leaked = await leftConnections(admin, name);
      await once(admin, (client) => client.query(`drop database ${name} with (force)`));
      await server?.stop();
      if (leaked > 0) throw new Error(`${leaked} connections were left open`);
    },
  };
}

/** Connections still open after every door was closed; a closing one is given a moment. */
async function leftConnections(admin: string, name: string): Promise<number> {
  return once(admin, async (client) => {
    const until = Date.now() + LEAK_MS;
    for (;;) {
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
        [name],
      );
      const left = rows[0]?.n ?? 0;
      if (left === 0 || Date.now() > until) return left;
    }
  });
}

/** One template per content of the migrations; several files asking at once take turns. */
async function ensureTemplate(admin: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of globSync("src/postgres/migrations/*.sql").toSorted())
    hash.update(readFileSync(file));
  const name = `berth_template_${hash.digest("hex").slice(0, 12)}`;
  await once(admin, async (client) => {
    await client.query("select pg_advisory_lock($1)", [TEMPLATE_LOCK]);
    const found = await client.query("select from pg_database where datname = $1", [name]);
    if (found.rowCount !== 0) return;
    const making = `${name}_making`;
    await client.query(`drop database if exists ${making} with (force)`);
    await client.query(`create database ${making} template template0`);
    const door = openPostgres({ url: urlOf(admin, making), install: INSTALL });
    await door.migrate();
    await door.close();
    await client.query(`alter database ${making} rename to ${name}`);
  });
  return name;
}

async function once<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(admin: string, database: string): string {
  const url = new URL(admin);
  url.pathname = `/${database}`;
  return url.href;
}
