/** A server that hangs, dies, comes back or forgets its connections: nobody waits for ever, and it mends itself. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Client } from "pg";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { openPostgres } from "../../../src/postgres/open.ts";
import { clientConfig } from "../../../src/postgres/options.ts";
import type { PostgresLimits } from "../../../src/postgres/options.ts";
import { openSession } from "../../../src/postgres/session.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { startPostgres } from "../../support/postgres.ts";
import type { TestServer } from "../../support/servers.ts";
import { acceptOf, refusalOf } from "./requests.ts";

const POLL = { timeout: 20_000, interval: 50 };
/** The shipped limits, scaled down so that the test need not wait for them. */
const LIMITS: PostgresLimits = { connections: 4, connectMs: 500, statementMs: 800, callMs: 1_000 };
let server: TestServer & Readonly<{ url: string }>;
const doors: PostgresDoor[] = [];
beforeAll(async () => {
  server = await startPostgres();
  await open().migrate();
});
afterEach(() => Promise.all(doors.splice(0).map((door) => door.close())));
afterAll(() => server.stop());

function open(limits: PostgresLimits = LIMITS): PostgresDoor {
  const door = openPostgres({ url: server.url, install: "test", limits });
  doors.push(door);
  return door;
}

async function lead(): Promise<Readonly<{ door: PostgresDoor; epoch: number }>> {
  const door = open();
  await door.install("test");
  return { door, epoch: (await door.takeLeadership({ holder: "me", floor: 0, force: true })) ?? 0 };
}

test("a frozen server: every call ends in time as transient, later ones at once, and a thaw is enough", async () => {
  const { door, epoch } = await lead();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await Promise.all([1, 2, 3, 4].map(() => door.ping()));
  await server.freeze();
  try {
    const from = performance.now();
    const refusals = await Promise.all(
      Array.from({ length: 12 }, () => refusalOf(door.projects())),
    );
    expect(performance.now() - from).toBeLessThan(3_000);
    for (const refusal of refusals)
      expect(refusal).toMatch(/^transient postgres\.(timeout|breaker-open)$/);
    expect(await refusalOf(door.ping())).toBe("transient postgres.breaker-open");
    expect(await refusalOf(open().ping())).toBe("transient postgres.timeout");
  } finally {
    await server.thaw();
  }
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  expect(await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))))).toMatchObject({
    changed: true,
  });
  await expect.poll(() => seen, POLL).toEqual([false, true]);
});

test("a killed server: calls are refused as unreachable, and all is well when it is back, the leader's lock too", async () => {
  const { door, epoch } = await lead();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await server.kill();
  await expect.poll(() => seen, POLL).toEqual([false]);
  expect(await refusalOf(door.ping())).toMatch(/^transient postgres\.(unreachable|breaker-open)$/);
  await server.revive();
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  const look = await client();
  await expect.poll(() => leaderLocks(look), POLL).toBe(1);
  await look.end();
  expect(await open().takeLeadership({ holder: "b", floor: 0, force: false })).toBeNull();
  expect(await door.epoch()).toBe(epoch);
  expect(await door.projects()).toHaveLength(1);
});

test("connections killed under running writes: each call ends, and an idempotent retry writes once", async () => {
  const { door, epoch } = await lead();
  const killer = await client();
  const request = acceptOf(epoch, declarationOf(projectSpec("api")), { idempotencyKey: "cut" });
  for (let round = 0; round < 20; round += 1) {
    const calls = [door.accept(request), door.projects(), door.generations(3)].map(refusalOf);
    await killer.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'berth-test'",
    );
    await Promise.all(calls);
  }
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  const answer = await door.accept(request);
  expect(answer.changed).toBe(true);
  const { rows } = await killer.query(
    "select generation from generation where declaration->'projects' ? 'api'",
  );
  expect(rows).toEqual([{ generation: String(answer.generation) }]);
  await killer.end();
});

test("a connection killed between two statements of a transaction ends that call and nothing else", async () => {
  const { door, epoch } = await lead();
  const session = openSession({
    url: server.url,
    install: "test",
    applicationName: "between",
    limits: LIMITS,
  });
  const killer = await client();
  const alive = "select 1 from pg_stat_activity where application_name = 'between'";
  const write = session.write({ operation: "between", epoch }, async (tx) => {
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'between'`,
    );
    await expect.poll(async () => (await killer.query(alive)).rowCount, POLL).toBe(0);
    return tx.rows("ping");
  });
  expect(await refusalOf(write)).toBe("transient postgres.unreachable");
  expect(await refusalOf(session.read("ping"))).toMatch(/^answered/);
  await Promise.all([killer.end(), session.close(), door.ping()]);
});

test("a stalled transaction of another session cannot hold a write longer than the deadline", async () => {
  const { door, epoch } = await lead();
  const holder = await client();
  await holder.query("begin");
  await holder.query("lock table project");
  expect(await refusalOf(door.accept(acceptOf(epoch, declarationOf(projectSpec("late")))))).toBe(
    "transient postgres.timeout",
  );
  await holder.query("rollback");
  expect(await door.accept(acceptOf(epoch, declarationOf(projectSpec("late"))))).toMatchObject({
    changed: true,
  });
  await holder.end();
});

test("a leader stopped in mid-transaction does not keep its successor out", async () => {
  const { door, epoch } = await lead();
  // What a SIGSTOPped daemon leaves behind: a session of ours, with our settings, idle in a fenced transaction.
  const frozen = new Client(clientConfig({ url: server.url, install: "test" }, LIMITS));
  frozen.on("error", () => undefined);
  await frozen.connect();
  await frozen.query("begin");
  await frozen.query("select 1 from install for share");
  const successor = open({ ...LIMITS, statementMs: 5_000, callMs: 6_000 });
  const from = performance.now();
  expect(await successor.takeLeadership({ holder: "b", floor: 0, force: true })).toBe(epoch + 1);
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await refusalOf(door.openSteps(epoch, []))).toBe("answered []");
});

test("a server with no connection left: what there is goes round, and nobody calls it gone", async () => {
  const { door, epoch } = await lead();
  const seen: boolean[] = [];
  await door.ping();
  door.onState((reachable) => seen.push(reachable));
  const others: Client[] = [];
  try {
    for (let full = false; !full;) {
      const other = new Client({ connectionString: server.url });
      other.on("error", () => undefined);
      full = await other.connect().then(
        () => others.push(other) === 0,
        () => true,
      );
    }
    const calls = Array.from({ length: 20 }, (_, at) =>
      refusalOf(at % 2 === 0 ? door.ping() : door.openSteps(epoch, [])),
    );
    expect(new Set(await Promise.all(calls))).toEqual(
      new Set(["answered undefined", "answered []"]),
    );
    expect(seen).toEqual([]);
  } finally {
    await Promise.all(others.map((other) => other.end()));
  }
});

test("wrong credentials and a missing database say who must act", async () => {
  expect(await refusalOf(to((url) => (url.password = "wrong")).ping())).toBe(
    "rejected postgres.access-denied",
  );
  expect(await refusalOf(to((url) => (url.pathname = "/nowhere")).ping())).toBe(
    "rejected postgres.database-missing",
  );
  expect(await refusalOf(to((url) => (url.pathname = "/template1")).projects())).toBe(
    "rejected postgres.schema-missing",
  );
  expect(await refusalOf(to((url) => (url.port = "1")).ping())).toBe(
    "transient postgres.unreachable",
  );
});

function to(change: (url: URL) => void): PostgresDoor {
  const url = new URL(server.url);
  change(url);
  const door = openPostgres({ url: url.href, install: "test", limits: LIMITS });
  doors.push(door);
  return door;
}

async function leaderLocks(look: Client): Promise<number> {
  const { rows } = await look.query(
    "select 1 from pg_locks where locktype = 'advisory' and granted and classid = 1650815605 and objid = (select epoch from install)",
  );
  return rows.length;
}

async function client(): Promise<Client> {
  const made = new Client({ connectionString: server.url });
  made.on("error", () => undefined);
  await made.connect();
  return made;
}

test("a server that turned read-only counts as gone until it takes writes again, and does not flicker", async () => {
  const { door, epoch } = await lead();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await door.ping();
  const write = () =>
    refusalOf(door.accept(acceptOf(epoch, declarationOf(projectSpec(`p${seen.length}`)))));
  const admin = await client();
  await admin.query("set default_transaction_read_only = off");
  await admin.query("alter system set default_transaction_read_only = on");
  await admin.query("select pg_reload_conf()");
  try {
    await expect.poll(write, POLL).toMatch(/^transient postgres\.read-only$/);
    await expect.poll(() => seen.at(-1), POLL).toBe(false);
    const until = seen.length;
    for (let turn = 0; turn < 10; turn += 1) {
      await refusalOf(door.projects());
      expect(await refusalOf(door.ping())).toMatch(/^transient postgres\./);
      expect(await write()).toMatch(/^transient postgres\./);
    }
    expect(seen.slice(until)).toEqual([]);
  } finally {
    await admin.query("alter system reset default_transaction_read_only");
    await admin.query("select pg_reload_conf()");
    await admin.end();
  }
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  await expect.poll(() => seen.at(-1), POLL).toBe(true);
  expect(await write()).toMatch(/^answered/);
});
