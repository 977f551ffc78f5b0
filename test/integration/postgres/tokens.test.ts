/** Access tokens in the database: only hashes, unique live names, an end that is final, all of it audited. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestPostgres } from "../../support/postgres.ts";
import { testPostgres } from "../../support/postgres.ts";
import type { NewToken } from "../../../src/postgres/token-door.ts";

let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres();
}, 120_000);
afterAll(() => database.drop());

const by = { who: "local", claim: "ann", reason: "for the nightly job" };
const HASH = "ab".repeat(32);
const token = (epoch: number, id: string, changes: Partial<NewToken> = {}): NewToken => ({
  epoch,
  id,
  name: id,
  hash: HASH,
  scope: "run",
  project: null,
  expiresAt: null,
  by,
  ...changes,
});

test("a token is kept as a hash, listed without it, and audited when made and ended", async () => {
  const { door, epoch } = await database.lead();
  const made = await door.tokens.create(token(epoch, "00000000000a", { name: "ci" }));
  expect(made).toMatchObject({ name: "ci", scope: "run", createdBy: "ann", revokedAt: null });
  expect(await door.tokens.live()).toMatchObject([{ id: "00000000000a", hash: HASH }]);
  expect(JSON.stringify(await door.tokens.list())).not.toContain("abab");
  const gone = await door.tokens.revoke({ epoch, token: "ci", by });
  expect(gone.revokedAt).toBeGreaterThanOrEqual(made.createdAt);
  expect(await door.tokens.live()).toEqual([]);
  await expect(door.tokens.revoke({ epoch, token: "ci", by })).rejects.toMatchObject({
    kind: "usage",
    code: "postgres.token-unknown",
  });
  const audited = await door.audit({ limit: 2, project: null, since: null, before: null });
  expect(audited.map((row) => [row.action, row.by.reason, row.detail])).toEqual([
    ["token.revoke", "for the nightly job", "ci (00000000000a), run on the host"],
    ["token.create", "for the nightly job", "ci (00000000000a), run on the host"],
  ]);
  const [newest] = audited;
  const before = await door.audit({
    limit: 9,
    project: null,
    since: null,
    before: newest?.id ?? 0,
  });
  expect(before.map((row) => row.action)).toEqual(["token.create"]);
  const later = (newest?.at ?? 0) + 1;
  expect(await door.audit({ limit: 9, project: null, since: later, before: null })).toEqual([]);
});

test("a live name is taken, also by eight askers at once; one that expired or was revoked is free", async () => {
  const { door, epoch } = await database.lead();
  const askers = Array.from({ length: 8 }, (_none, at) =>
    door.tokens.create(token(epoch, `00000000010${at}`, { name: "twin" })).then(
      () => "made",
      (error: { code: string }) => error.code,
    ),
  );
  const answers = await Promise.all(askers);
  expect(answers.filter((answer) => answer === "made")).toHaveLength(1);
  expect(new Set(answers)).toEqual(new Set(["made", "postgres.token-name-taken"]));
  const past = Date.now() - 60_000;
  await door.tokens.create(token(epoch, "000000000200", { name: "old", expiresAt: past }));
  expect((await door.tokens.live()).map(({ name }) => name)).toEqual(["twin"]);
  await door.tokens.create(token(epoch, "000000000201", { name: "old" }));
  expect((await door.tokens.live()).map(({ name }) => name).toSorted()).toEqual(["old", "twin"]);
});

test("live tokens are bounded, and an older leader makes none", async () => {
  const { door, epoch } = await database.lead();
  await database.sql(
    `insert into token (id, name, hash, scope, created_by)
     select lpad(to_hex(n + 65536), 12, '0'), 'many-' || n, decode($1, 'hex'), 'read', 'test' from generate_series(1, 256) n`,
    [HASH],
  );
  await expect(door.tokens.create(token(epoch, "000000000300"))).rejects.toMatchObject({
    kind: "capacity",
    code: "postgres.tokens-full",
  });
  await database.sql("delete from token");
  await expect(door.tokens.create(token(epoch - 1, "000000000301"))).rejects.toMatchObject({
    code: "postgres.epoch-stale",
  });
  expect(await door.tokens.live()).toEqual([]);
});
