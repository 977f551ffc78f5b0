/** The fencing epoch: who may write, how it is taken, and the lock that says a leader lives. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "pg";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { testPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import {
  acceptOf,
  journal,
  LOCAL,
  moveOf,
  refusalOf,
  started,
  stepOf,
  wantOf,
} from "./requests.ts";

const POLL = { timeout: 10_000, interval: 20 };
let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres();
});
afterAll(() => database.drop());

const uidOf = (door: PostgresDoor): Promise<string> =>
  door.install("test").then((row) => row.installUid);

test("the install row is made once, with a random uid, and another install is refused", async () => {
  const [one, two] = [database.open(), database.open()];
  const [first, second] = await Promise.all([uidOf(one), uidOf(two)]);
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(second).toBe(first);
  expect(await refusalOf(one.install("other"))).toBe("rejected postgres.install-foreign");
});

test("the epoch is above the stored one and above the floor", async () => {
  const { door, epoch } = await database.lead();
  expect(await door.takeLeadership({ holder: "me", floor: 0, force: true })).toBe(epoch + 1);
  expect(await door.takeLeadership({ holder: "me", floor: epoch + 40, force: true })).toBe(
    epoch + 41,
  );
  expect(await door.epoch()).toBe(epoch + 41);
  expect(await door.install("test")).toMatchObject({ holder: "me", epoch: epoch + 41 });
  await door.close();
});

test("without the lease, leadership is to be had only when the leader's lock is free", async () => {
  const { door: leader, epoch } = await database.lead();
  const candidate = database.open();
  expect(await candidate.takeLeadership({ holder: "b", floor: 0, force: false })).toBeNull();
  expect(await candidate.epoch()).toBe(epoch);
  await leader.close();
  expect(await candidate.takeLeadership({ holder: "b", floor: 0, force: false })).toBe(epoch + 1);
  await candidate.close();
});

test("of many candidates without the lease exactly one leads", async () => {
  const doors = [1, 2, 3, 4, 5].map(() => database.open());
  const taken = await Promise.all(
    doors.map((door) => door.takeLeadership({ holder: "x", floor: 0, force: false })),
  );
  expect(taken.filter((epoch) => epoch !== null)).toHaveLength(1);
  await Promise.all(doors.map((door) => door.close()));
});

test("no control write of an older epoch changes anything", async () => {
  const { door, epoch } = await database.lead();
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
  const [open = 0] = await door.openSteps(epoch, [stepOf(1)]);
  await database.sql(
    "insert into run (project, id, agent, replica, boot, epoch, generation, started_at) values ('web', 'r0', 'worker', 0, 'b', 1, 1, now())",
  );
  await door.takeLeadership({ holder: "next", floor: 0, force: true });
  const before = await world();
  const old = epoch;
  const writes = [
    door.accept(acceptOf(old, declarationOf(projectSpec("api")))),
    door.intend(wantOf(old, "web", "frozen")),
    door.settlePhase(moveOf({ epoch: old, project: "web", from: "activating", to: "active" })),
    door.allocateSubnet({ epoch: old, project: "web", pool: "10.201.0.0/16", avoid: [] }),
    door.releaseSubnet({ epoch: old, project: "web" }),
    door.openSteps(old, [stepOf(2)]),
    door.settleSteps(old, [{ rowId: open, outcome: "done", code: null, detail: null }]),
    door.ingest({ epoch: old, project: "web", generation: 1, events: journal(1, started("r1")) }),
    door.loseRuns({ epoch: old, project: "web", reason: "gone", boot: null }),
    door.appendEvents(old, [
      { project: null, kind: "mode.entered", cause: "daemon", message: "m", fields: {} },
    ]),
    door.recordAudit({ epoch: old, by: LOCAL, action: "gc", project: null, detail: "" }),
    door.enforceRetention({
      epoch: old,
      runsDays: 0,
      eventsDays: 0,
      stepsDays: 0,
      auditDays: 0,
      generationsKept: 0,
    }),
  ];
  const refusals = await Promise.all(writes.map(refusalOf));
  expect(new Set(refusals)).toEqual(new Set(["conflict postgres.epoch-stale"]));
  expect(await world()).toEqual(before);
  await door.close();
});

async function world(): Promise<unknown> {
  const tables = ["project", "generation", "run", "step", "event", "audit", "subnet", "answer"];
  return Promise.all(tables.map((table) => database.sql(`select * from ${table} order by 1, 2`)));
}

test("a takeover waits for a control write that began before it, and never slips in between", async () => {
  const { door, epoch } = await database.lead();
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("held"))));
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("begin");
  await holder.query("lock table project in exclusive mode");
  const write = door.intend(wantOf(epoch, "held", "frozen"));
  await expect.poll(blocked, POLL).toBe(1);
  const successor = database.open();
  const takeover = successor.takeLeadership({ holder: "b", floor: 0, force: true });
  await expect.poll(blocked, POLL).toBe(2);
  expect(await door.epoch()).toBe(epoch);
  await holder.query("commit");
  await holder.end();
  expect(await write).toMatchObject({ wanted: "frozen" });
  expect(await takeover).toBe(epoch + 1);
  expect(await refusalOf(door.intend(wantOf(epoch, "held", "active")))).toBe(
    "conflict postgres.epoch-stale",
  );
  await Promise.all([door.close(), successor.close()]);
});

async function blocked(): Promise<number> {
  const rows = await database.sql(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length;
}

test("a leader that loses its lock's connection says so and gets the lock back", async () => {
  const { door, epoch } = await database.lead();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await killLeaderConnections();
  await expect.poll(() => seen, POLL).toEqual([false, true]);
  await expect.poll(leaderLocks, POLL).toBe(1);
  const candidate = database.open();
  expect(await candidate.takeLeadership({ holder: "b", floor: 0, force: false })).toBeNull();
  expect(await door.epoch()).toBe(epoch);
  await Promise.all([door.close(), candidate.close()]);
});

test("what a deposed leader still holds says nothing about its successor", async () => {
  const { door: old, epoch } = await database.lead();
  const { door: next } = await database.lead();
  const candidate = database.open();
  expect(await candidate.takeLeadership({ holder: "c", floor: 0, force: false })).toBeNull();
  await next.close();
  expect(await candidate.takeLeadership({ holder: "c", floor: 0, force: false })).toBe(epoch + 2);
  expect(await old.takeLeadership({ holder: "a", floor: 0, force: false })).toBeNull();
  await Promise.all([old.close(), candidate.close()]);
});

test("a leader may take the next epoch over its own lock", async () => {
  const { door, epoch } = await database.lead();
  const taken = await Promise.all(
    [1, 2, 3].map(() => door.takeLeadership({ holder: "a", floor: 0, force: false })),
  );
  expect(taken).toEqual([epoch + 1, epoch + 2, epoch + 3]);
  await door.close();
});

async function leaderLocks(): Promise<number> {
  const rows = await database.sql(
    "select 1 from pg_locks where locktype = 'advisory' and granted and classid = 1650815605 and objid = (select epoch from install) and database = (select oid from pg_database where datname = current_database())",
  );
  return rows.length;
}

async function killLeaderConnections(): Promise<void> {
  await database.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%-leader'",
  );
}
