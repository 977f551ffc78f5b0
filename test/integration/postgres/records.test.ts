/** The step journal, events, audit and how long they are kept. */
import { expect, test } from "vitest";
import type { NewEvent } from "../../../src/postgres/door.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadAgain, leadOwnDatabase, startWith } from "./leader.ts";
import { LOCAL, acceptOf, exited, journal, refusalOf, started, stepOf } from "./requests.ts";

leadOwnDatabase();
startWith("step, event, audit, run, generation, project, subnet, answer");

const event = (message: string, changes: Partial<NewEvent> = {}): NewEvent => ({
  project: "web",
  kind: "drift.found",
  cause: "external",
  message,
  fields: { n: 1, yes: true, none: null },
  ...changes,
});

test("steps are opened in order, settled once, and read newest first", async () => {
  const ids = await door.openSteps(epoch, [stepOf(2), stepOf(1), stepOf(3, { project: "api" })]);
  expect(ids).toEqual([...ids].toSorted((a, b) => a - b));
  const [two = 0, one = 0] = ids;
  await door.settleSteps(epoch, [
    { rowId: two, outcome: "failed", code: "docker.image-missing", detail: "no image" },
  ]);
  await door.settleSteps(epoch, [
    { rowId: two, outcome: "done", code: null, detail: null },
    { rowId: one, outcome: "done", code: null, detail: "x" },
  ]);
  const history = await door.stepHistory("web", 10);
  expect(history).toMatchObject([
    { rowId: one, step: 1, outcome: "done", detail: "x", epoch },
    { rowId: two, step: 2, outcome: "failed", detail: "no image", cause: "not running" },
  ]);
  expect(history[0]?.settledAt).toBeGreaterThan(0);
  expect(await door.stepHistory(null, 10)).toHaveLength(3);
});

test("opening the same steps again after a lost answer finds the same rows", async () => {
  const rows = [stepOf(1), stepOf(2)];
  const first = await door.openSteps(epoch, rows);
  expect(await door.openSteps(epoch, rows)).toEqual(first);
  await door.settleSteps(
    epoch,
    first.map((rowId) => ({ rowId, outcome: "done" as const, code: null, detail: null })),
  );
  expect(await refusalOf(door.openSteps(epoch, rows))).toBe("defect postgres.step-repeated");
});

test("of passes that open their steps at once only the one at fault is refused", async () => {
  const settled = [stepOf(1)];
  const [rowId = 0] = await door.openSteps(epoch, settled);
  await door.settleSteps(epoch, [{ rowId, outcome: "done", code: null, detail: null }]);
  const passes = ["a", "b", "c"].map((pass) => [stepOf(1, { pass }), stepOf(2, { pass })]);
  const opened = await Promise.allSettled(
    [...passes, settled, ...passes].map((rows) => door.openSteps(epoch, rows)),
  );
  expect(opened.flatMap(({ status }, at) => (status === "rejected" ? [at] : []))).toEqual([3]);
  const ids = opened.map((each) => (each.status === "fulfilled" ? each.value : []));
  expect(ids.slice(4)).toEqual(ids.slice(0, 3));
  const history = await door.stepHistory("web", 20);
  expect(new Map(history.map((row) => [row.rowId, `${row.pass} ${row.step}`]))).toEqual(
    new Map([
      [rowId, `${settled[0]?.pass} 1`],
      ...passes.flatMap((rows, at) =>
        rows.map(({ pass, step }, place) => [ids[at]?.[place] ?? 0, `${pass} ${step}`] as const),
      ),
    ]),
  );
});

test("a new leader sees what its predecessor left open and can settle it", async () => {
  const [left = 0] = await door.openSteps(epoch, [stepOf(1)]);
  const old = epoch;
  await leadAgain();
  await door.openSteps(epoch, [stepOf(1)]);
  const open = await door.openStepsOfOthers(epoch);
  expect(open).toMatchObject([{ rowId: left, epoch: old, kind: "start-container" }]);
  await door.settleSteps(epoch, [
    { rowId: left, outcome: "skipped", code: null, detail: "leader changed" },
  ]);
  expect(await door.openStepsOfOthers(epoch)).toEqual([]);
});

test("events are returned as recorded and read from a position, by project and by kind", async () => {
  const written = await door.appendEvents(epoch, [
    event("one"),
    event("two", { project: "api" }),
    event("three", { kind: "mode.entered", project: null }),
  ]);
  expect(written.map((row) => row.message)).toEqual(["one", "two", "three"]);
  const read = (changes: object) =>
    door.events({
      after: null,
      project: null,
      kinds: [],
      limit: 10,
      newestFirst: false,
      ...changes,
    });
  expect(await read({})).toEqual(written);
  expect(written[0]).toMatchObject({ fields: { n: 1, yes: true, none: null }, cause: "external" });
  expect((await read({ after: written[0]?.id })).map((row) => row.message)).toEqual([
    "two",
    "three",
  ]);
  expect((await read({ project: "api" })).map((row) => row.message)).toEqual(["two"]);
  expect((await read({ kinds: ["mode.entered"] })).map((row) => row.message)).toEqual(["three"]);
  expect((await read({ newestFirst: true, limit: 2 })).map((row) => row.message)).toEqual([
    "three",
    "two",
  ]);
});

/** A commit of the event `slow` takes half a second. */
const SLOW_COMMIT = `
  create function slow_commit() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$;
  create constraint trigger slow_commit after insert on event deferrable initially deferred
    for each row when (new.message = 'slow') execute function slow_commit()`;

test("a reader that goes on after the last id it saw misses nothing: ids become visible in order", async () => {
  await database.sql(SLOW_COMMIT);
  const slow = door.appendEvents(epoch, [event("slow")]);
  const sleeping =
    "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await expect.poll(() => database.sql(sleeping), { timeout: 5_000, interval: 5 }).toHaveLength(1);
  await door.appendEvents(epoch, [event("fast")]);
  const seen = await door.events({
    after: null,
    project: null,
    kinds: [],
    limit: 9,
    newestFirst: false,
  });
  expect(seen.map((row) => row.message)).toEqual(["slow", "fast"]);
  await slow;
  await database.sql("drop trigger slow_commit on event");
});

test("an action that is no intent is audited", async () => {
  await door.recordAudit({
    epoch,
    by: { ...LOCAL, reason: "look" },
    action: "exec-root",
    project: "web",
    detail: "sh",
  });
  expect(await door.audit({ limit: 5, project: "web", since: null, before: null })).toMatchObject([
    { action: "exec-root", detail: "sh", by: { reason: "look" } },
  ]);
  expect(await door.audit({ limit: 5, project: "api", since: null, before: null })).toEqual([]);
  const one = { limit: 5, project: "web", since: null, before: null };
  expect(await door.audit({ ...one, action: "exec-root" })).toHaveLength(1);
  expect(await door.audit({ ...one, action: "want-frozen" })).toEqual([]);
});

test("retention forgets what is old and ended, in batches, and spares what is open, young or stood on", async () => {
  for (let weight = 1; weight <= 6; weight += 1)
    await door.accept(
      acceptOf(epoch, declarationOf(projectSpec("api"), projectSpec("web", { weight }))),
    );
  await door.ingest({
    epoch,
    project: "web",
    generation: 1,
    events: journal(1, started("open"), started("ended"), exited("ended")),
  });
  await door.openSteps(epoch, [stepOf(1)]);
  await database.sql(
    "insert into event (at, kind, cause, message) select now() - interval '8 days', 'k', 'c', 'm' from generate_series(1, 2500)",
  );
  await database.sql(
    `insert into token (id, name, hash, scope, created_by, revoked_at, expires_at)
     select lpad(n::text, 12, '0'), 'n' || n, decode(repeat('00', 32), 'hex'), 'read', 'ann',
       now() - (case n when 1 then 31 when 2 then 29 end) * interval '1 day', case n when 3 then now() - interval '31 days' end
     from generate_series(1, 4) n`,
  );
  await door.appendEvents(epoch, [event("young")]);
  const gone = await door.enforceRetention({
    epoch,
    runsDays: 30,
    eventsDays: 7,
    stepsDays: 1,
    auditDays: 1,
    generationsKept: 3,
  });
  // The journal's events of 1970 go too; generations 2 and 3 are old, 1 is what `api` stands on.
  expect(gone).toEqual({
    run: 1,
    task: 0,
    event: 2503,
    step: 0,
    audit: 0,
    answer: 0,
    token: 2,
    question: 0,
    generation: 2,
  });
  expect((await door.runs({ project: null, agent: null, limit: 9 })).map((run) => run.id)).toEqual([
    "open",
  ]);
  expect(
    (await door.events({ after: null, project: null, kinds: [], limit: 9, newestFirst: true })).map(
      (row) => row.message,
    ),
  ).toEqual(["young"]);
  expect((await door.generations(9)).map((row) => row.generation)).toEqual([6, 5, 4, 1]);
});
