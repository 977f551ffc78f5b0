/** Writes under an idempotency key, each in its own transaction: done once, whoever repeats them and whenever. */
import { beforeAll, expect, test } from "vitest";
import { projectSpec } from "../../support/declarations.ts";
import { declare, desk, door, epoch, leadOwnDatabase } from "./leader.ts";
import { LOCAL, refusalOf, wantOf } from "./requests.ts";
import { failureOf } from "./task-requests.ts";

leadOwnDatabase();
beforeAll(() => declare(projectSpec("web"), projectSpec("api")));

const under = (idempotencyKey: string) => ({ ...LOCAL, idempotencyKey });
const REUSED = "conflict postgres.idempotency-reused";
const audited = async (action: string): Promise<number> =>
  (await door.audit({ limit: 100, project: null, since: null, before: null })).filter(
    (row) => row.action === action,
  ).length;

test("a retry under a known key gives no further attempt, and tells how the task is now", async () => {
  const { id } = await desk.started("r1", { maxAttempts: 1 });
  await door.tasks.settle(epoch, [failureOf("r1")]);
  const [first] = await Promise.all(
    [1, 2, 3].map(() => door.tasks.retry(epoch, id, under("retry"))),
  );
  expect(first).toMatchObject({ state: "ready", maxAttempts: 2 });
  await desk.claim(id, "r2");
  await door.tasks.settle(epoch, [failureOf("r2")]);
  expect(await door.tasks.retry(epoch, id, under("retry"))).toMatchObject({
    state: expect.stringMatching(/^(?:dead|failed)$/) as string,
    maxAttempts: 2,
  });
  expect(await audited("task.retry")).toBe(1);
  expect(await refusalOf(door.tasks.cancel(epoch, id, under("retry")))).toBe(REUSED);
});

test("a cancel under a known key does not cancel what was tried again since", async () => {
  const { id } = await desk.started("r3");
  expect(await door.tasks.cancel(epoch, id, under("cancel"))).toMatchObject({ runningRun: "r3" });
  await door.tasks.settle(epoch, [failureOf("r3", { outcome: "lost" })]);
  const task = await desk.submit();
  expect(await refusalOf(door.tasks.cancel(epoch, task.id, under("cancel")))).toBe(REUSED);
  expect(await door.tasks.cancel(epoch, id, under("cancel"))).toMatchObject({ runningRun: null });
  expect(await audited("task.cancel")).toBe(1);
});

test("a priority under a known key does not overwrite a later one", async () => {
  const { id } = await desk.submit();
  await door.tasks.setPriority(epoch, id, 900, under("priority"));
  await door.tasks.setPriority(epoch, id, 100, LOCAL);
  const again = await door.tasks.setPriority(epoch, id, 900, under("priority"));
  expect(again.priority).toBe(100);
  expect(await refusalOf(door.tasks.setPriority(epoch, id, 901, under("priority")))).toBe(REUSED);
});

test("a wish under a known key tells what is wanted now, not what was then", async () => {
  const frozen = { ...wantOf(epoch, "web", "frozen"), idempotencyKey: "freeze" };
  expect(await door.intend(frozen)).toMatchObject({ wanted: "frozen" });
  await door.intend(wantOf(epoch, "web", "completed"));
  expect(await door.intend(frozen)).toMatchObject({ wanted: "completed" });
});

test("a token is made once a key, also by many at once and after its end, and ended once", async () => {
  const token = {
    epoch,
    hash: "ab".repeat(32),
    scope: "run",
    project: null,
    expiresAt: null,
  } as const;
  const create = (id: string, name = "ci") =>
    door.tokens.create({ ...token, id, name, by: under("make") });
  const made = await Promise.all(["00000000000a", "00000000000b"].map((id) => create(id)));
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  const end = { epoch, token: "ci", by: under("end") };
  const gone = await door.tokens.revoke(end);
  expect(await door.tokens.revoke(end)).toEqual(gone);
  expect((await create("00000000000c")).id).toBe(gone.id);
  expect(await door.tokens.live()).toEqual([]);
  expect(await refusalOf(create("00000000000d", "other"))).toBe(REUSED);
});

test("an answer is kept to the letter, once, and not by a leader of the past", async () => {
  const text = '{"zebra":1,"a":"\\u0000"}';
  expect(await door.answers.read("k")).toBeNull();
  await door.answers.keep({ epoch, key: "k", request: "r", text });
  await door.answers.keep({ epoch, key: "k", request: "other", text: "{}" });
  expect(await door.answers.read("k")).toEqual({ request: "r", text });
  const late = door.answers.keep({ epoch: epoch - 1, key: "l", request: "r", text });
  expect(await refusalOf(late)).toBe("conflict postgres.epoch-stale");
  expect(await door.answers.read("l")).toBeNull();
});
