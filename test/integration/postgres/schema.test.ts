/** The schema: how it comes to be, and that it says what the code says. */
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TRANSITIONS } from "../../../src/model/lifecycle.ts";
import { testPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";

let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres({ migrated: false });
});
afterAll(() => database.drop());

test("in a database that nobody has migrated yet no request was answered", async () => {
  expect(await database.open().answers.read("k")).toBeNull();
  await expect(database.open().projects()).rejects.toMatchObject({
    code: "postgres.schema-missing",
  });
});

test("migrators that start at once take turns, and each migration is applied once", async () => {
  const doors = [1, 2, 3, 4].map(() => database.open());
  await Promise.all(doors.map((door) => door.migrate()));
  const applied = await database.sql<{ name: string }>("select name from migration order by name");
  const files = globSync("src/postgres/migrations/*.sql").map((file) => basename(file, ".sql"));
  expect(applied.map((row) => row.name)).toEqual(files.toSorted());
});

test("migrating again changes nothing", async () => {
  const before = await database.sql("select * from migration");
  await database.open().migrate();
  expect(await database.sql("select * from migration")).toEqual(before);
});

test("the database's lifecycle table is the code's", async () => {
  const rows = await database.sql<{ move: string }>(
    "select from_phase || ' ' || to_phase as move from lifecycle_move",
  );
  const moves = Object.entries(TRANSITIONS).flatMap(([from, tos]) =>
    tos.map((to) => `${from} ${to}`),
  );
  expect(rows.map((row) => row.move).toSorted()).toEqual(moves.toSorted());
});

test.each(globSync("src/postgres/queries/*.sql"))(
  "%s is valid and states its contract",
  async (file) => {
    const text = readFileSync(file, "utf8");
    const [header = ""] = text.split(/^(?!--)/m);
    expect(header).toMatch(/^-- \S.*\n-- Input: [\s\S]*Output: [\s\S]*Atomicity: /);
    await database.sql(`prepare checked as ${text}`);
  },
);

test.each(globSync("src/postgres/queries/*.sql").map((file) => basename(file, ".sql")))(
  "query %s is used",
  (name) => {
    const sources = globSync("src/postgres/*.ts").map((file) => readFileSync(file, "utf8"));
    const built = name.startsWith("retain-") ? `"${name.slice("retain-".length)}"` : `"${name}"`;
    expect(sources.some((source) => source.includes(built))).toBe(true);
  },
);
