/** One key, one task: repeats get it again, also when the clock, or what they name, has moved on. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { testPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { LOCAL, acceptOf } from "./requests.ts";
import { rowOf } from "./task-requests.ts";

let database: TestPostgres;
let door: PostgresDoor;
let epoch: number;
beforeAll(async () => {
  database = await testPostgres();
  ({ door, epoch } = await database.lead());
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql("truncate generation, project, subnet, run, event, task, attempt, task_need");
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"), projectSpec("api"))));
});

const submit = (...rows: Parameters<typeof rowOf>[0][]) =>
  door.tasks.submit(epoch, rows.map(rowOf), LOCAL);
const ofWeb = () =>
  door.tasks.list({ project: "web", agent: null, states: [], tag: null, after: null, limit: 9 });

test("one idempotency key is one task: the same request gets it again, another one is refused", async () => {
  const key = { idempotencyKey: "k1", payload: { a: 1, b: 2 } };
  const [first] = await submit(key);
  const again = await submit(
    { ...key, payload: { b: 2, a: 1 }, maxAttempts: 9 },
    { ...key, payload: 3 },
    { ...key, project: "api" },
  );
  const task = first?.ok === true ? first.task : null;
  expect(again).toMatchObject([
    { ok: true, fresh: false, task: { id: task?.id } },
    { ok: false, code: "postgres.idempotency-reused" },
    { ok: true, fresh: true, task: { project: "api" } },
  ]);
  const [one, two, three] = await submit(
    { idempotencyKey: "k2" },
    { idempotencyKey: "k2" },
    { idempotencyKey: "k2", agent: "other" },
  );
  expect([one, two, three]).toMatchObject([
    { fresh: true },
    { fresh: false },
    { code: "postgres.idempotency-reused" },
  ]);
  expect(await ofWeb()).toHaveLength(2);
});

test("a deadline said from now on is the same again, whatever the clock made of it", async () => {
  const now = await door.clock();
  const said = { idempotencyKey: "k1", deadlineMs: 60_000 };
  const [first] = await submit({ ...said, deadlineAt: now + 60_000 });
  const again = await submit(
    { ...said, deadlineAt: now + 65_000 },
    { ...said, deadlineMs: 61_000, deadlineAt: now + 60_000 },
    { ...said, deadlineMs: null, deadlineAt: now + 60_000 },
  );
  const id = first?.ok === true ? first.task.id : null;
  const other = { ok: false, code: "postgres.idempotency-reused" };
  expect(again).toMatchObject([{ ok: true, fresh: false, task: { id } }, other, other]);
  // Asked without the wish to queue anything.
  expect(await door.tasks.repeated(rowOf(said))).toMatchObject({
    ok: true,
    fresh: false,
    task: { id },
  });
  expect(await door.tasks.repeated(rowOf({ idempotencyKey: "k1" }))).toMatchObject(other);
  expect(await door.tasks.repeated(rowOf({ ...said, idempotencyKey: "k2" }))).toBeNull();
  expect(await door.tasks.repeated(rowOf({}))).toBeNull();
  expect(await ofWeb()).toHaveLength(1);
});

test("told by many at once, one key is one task", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => submit({ idempotencyKey: "same" })),
  );
  const tasks = answers.flat().flatMap((answer) => (answer.ok ? [answer] : []));
  expect(tasks).toHaveLength(20);
  expect(new Set(tasks.map((answer) => answer.task.id)).size).toBe(1);
  expect(tasks.filter((answer) => answer.fresh)).toHaveLength(1);
});
