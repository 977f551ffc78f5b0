/** Usage history in Postgres: written once, rolled up, read at every width, forgotten by dropping tables, of a stated size. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOST, type UsageSlot } from "../../../src/model/usage.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { testPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { refusalOf } from "./requests.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = 20_000 * DAY + 7 * HOUR;

let database: TestPostgres;
let door: PostgresDoor;
let epoch: number;
beforeAll(async () => {
  database = await testPostgres();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await door?.close();
  ({ door, epoch } = await database.lead());
  await database.sql("truncate usage");
});

const slot = (at: number, more: Partial<UsageSlot> = {}): UsageSlot => ({
  project: "web",
  at,
  cpus: 0.5,
  cpusMax: 0.5,
  memoryBytes: 1_000_000,
  memoryMaxBytes: 1_000_000,
  memoryLimitBytes: 2_000_000,
  throttledCpus: 0.25,
  pids: 7,
  restarts: 1,
  oomKills: 0,
  queueDepth: 2,
  waitSeconds: 3,
  ...more,
});
/** Slots of both the project and the host from `from` on, one each 10 s. */
const stretch = (
  from: number,
  count: number,
  more: (n: number) => Partial<UsageSlot> = () => ({}),
) =>
  Array.from({ length: count }, (_, n) => [
    slot(from + n * 10_000, more(n)),
    slot(from + n * 10_000, { ...more(n), project: HOST }),
  ]).flat();
const counts = async (): Promise<Record<string, number>> => {
  const rows = await database.sql<{ slot: number; n: number }>(
    "select slot, count(*)::int as n from usage where project = 'web' group by slot",
  );
  return Object.fromEntries(rows.map((row) => [row.slot, row.n]));
};
const partitions = async (width: number): Promise<number> =>
  (
    await database.sql("select 1 from pg_inherits where inhparent = $1::regclass", [
      `usage_${width}`,
    ])
  ).length;
const read = (from: number, to: number, slotSeconds: 10 | 60 | 3600) =>
  door.usage.read({ project: "web", slotSeconds, from, to, stepMs: slotSeconds * 1000 });

test("what is written is read back", async () => {
  await door.usage.write({
    epoch,
    now: START + 10_000,
    slots: [slot(START), slot(START, { project: "api" })],
  });
  const { project: _project, ...point } = slot(START);
  expect(await read(START, START + 10_000, 10)).toEqual([point]);
});

test("the unknown stays unknown", async () => {
  const unknown = {
    cpus: null,
    cpusMax: null,
    memoryBytes: null,
    memoryMaxBytes: null,
    memoryLimitBytes: null,
    throttledCpus: null,
    pids: null,
  };
  await door.usage.write({ epoch, now: START + 10_000, slots: [slot(START, unknown)] });
  expect(await read(START, START + HOUR, 10)).toMatchObject([unknown]);
});

test("the same slots again change nothing", async () => {
  const request = { epoch, now: START + 10_000, slots: [slot(START)] };
  await door.usage.write(request);
  await door.usage.write({ ...request, slots: [slot(START, { cpus: 9 })] });
  expect(await read(START, START + 10_000, 10)).toMatchObject([{ cpus: 0.5 }]);
});

test("minutes and hours are rolled up when they end: means, maxima, sums", async () => {
  const slots = stretch(START, 360, (n) => ({
    cpus: n % 2,
    cpusMax: n % 2,
    memoryMaxBytes: n * 1_000,
  }));
  await door.usage.write({ epoch, now: START + HOUR, slots });
  expect(await counts()).toEqual({ 10: 360, 60: 60, 3600: 1 });
  expect(await read(START, START + MINUTE, 60)).toMatchObject([
    {
      at: START,
      cpus: 0.5,
      cpusMax: 1,
      memoryMaxBytes: 5_000,
      restarts: 6,
      pids: 7,
      waitSeconds: 3,
    },
  ]);
  expect(await read(START, START + HOUR, 3600)).toMatchObject([
    { at: START, cpus: 0.5, cpusMax: 1, memoryMaxBytes: 359_000, restarts: 360 },
  ]);
});

test("a minute that has not ended is not rolled up, and is read from what was measured", async () => {
  await door.usage.write({ epoch, now: START + 90_000, slots: stretch(START, 9) });
  expect(await counts()).toEqual({ 10: 9, 60: 1 });
  expect(await read(START, START + 2 * MINUTE, 60)).toMatchObject([
    { at: START, restarts: 6 },
    { at: START + MINUTE, restarts: 3 },
  ]);
  expect(await read(START, START + HOUR, 3600)).toMatchObject([{ at: START, restarts: 9 }]);
});

test("a new daemon rolls up what its predecessor left", async () => {
  await door.usage.write({ epoch, now: START + 30_000, slots: stretch(START, 3) });
  const next = await database.lead();
  await next.door.usage.write({
    epoch: next.epoch,
    now: START + 2 * MINUTE,
    slots: stretch(START + MINUTE, 6),
  });
  expect(await counts()).toEqual({ 10: 9, 60: 2 });
});

test("a deposed daemon writes nothing", async () => {
  await database.lead();
  const refused = door.usage.write({ epoch, now: START, slots: [slot(START)] });
  expect(await refusalOf(refused)).toBe("conflict postgres.epoch-stale");
  expect(await counts()).toEqual({});
});

test("what ten minutes without Postgres kept back goes in at once", async () => {
  const projects = Array.from({ length: 100 }, (_, n) => `p${n}`);
  const slots = projects.flatMap((project) =>
    stretch(START, 60).map((each) => (each.project === HOST ? each : { ...each, project })),
  );
  await door.usage.write({ epoch, now: START + 10 * MINUTE, slots });
  const [row] = await database.sql<{ n: number }>(
    "select count(*)::int as n from usage where slot = 60 and project <> ''",
  );
  expect(row?.n).toBe(1_000);
});

test("days that are over go as whole tables, so that what is kept is bounded", async () => {
  for (let day = 0; day < 40; day += 1) {
    const at = START + day * DAY;
    await door.usage.write({ epoch, now: at + HOUR, slots: stretch(at, 6) });
  }
  // Today, yesterday and tomorrow; eight days and tomorrow; this month and the one before.
  expect(await partitions(10)).toBeLessThanOrEqual(3);
  expect(await partitions(60)).toBeLessThanOrEqual(9);
  expect(await partitions(3600)).toBeLessThanOrEqual(3);
  expect(await counts()).toEqual({ 10: 12, 60: 8, 3600: 40 });
});

test("one project takes no more than the stated 240 bytes a row", async () => {
  await door.usage.write({ epoch, now: START, slots: [] });
  await database.sql(
    `insert into usage select 10, at_ms($1::bigint + n * 10000), p, 0.5, 0.5, 1e6, 1e6, 2e6, 0.1, 7, 0, 0, 1, 2
     from generate_series(0, 719) as n, (select 'project-' || lpad(k::text, 12, '0') as p from generate_series(1, 20) as k) as names
     order by n, p`,
    [START],
  );
  const [row] = await database.sql<{ bytes: number; n: number }>(
    "select sum(pg_total_relation_size(inhrelid))::float8 as bytes, (select count(*)::int from usage where slot = 10) as n from pg_inherits where inhparent = 'usage_10'::regclass",
  );
  expect(row?.n).toBe(14_400);
  expect((row?.bytes ?? Infinity) / 14_400).toBeLessThan(240);
});
