/** Redis wiped, and Redis stalled: the leader keeps leading, nothing restarts, and the mode is named and leaves by itself. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  gaps,
  type Holdings,
  holdings,
  leftAfterRemoval,
  modes,
  noMoreHeld,
  ready,
  recordsCaughtUp,
} from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";

const STALLED_MS = process.env["BERTH_LONG"] === "1" ? 60_000 : 6_000;

let stack: Stack;
let runIds: readonly string[];
let epoch: number | null;
let before: Holdings;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(counter("one") + counter("two")));
  runIds = (await recordsCaughtUp(stack)).map(({ id }) => id);
  ({ epoch } = await ready(stack));
  before = await holdings(stack);
});
afterAll(() => stack.close());

/** Same leader, same epoch, same runs, none ended. */
async function nothingMoved(): Promise<void> {
  const now = await ready(stack);
  expect([now.role, now.epoch]).toEqual(["leader", epoch]);
  const rows = await recordsCaughtUp(stack);
  expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual(runIds.map((id) => [id, null]));
}

test("two agents run", () => expect(runIds).toHaveLength(2));

test("FLUSHALL: the lease is there again, and nothing has moved", async () => {
  const redis = new Redis(stack.redis.url, { replyMapping: "legacy", lazyConnect: true });
  try {
    await redis.connect();
    await redis.flushall();
    await eventually("somebody holds the lease", async () =>
      (await redis.keys(`berth:${stack.install}:*lease*`)).length > 0 ? true : undefined,
    );
  } finally {
    redis.disconnect();
  }
  await nothingMoved();
  expect(await modes(stack)).toEqual([]);
});

test("stalled: the mode is named, work goes on, and recovery needs no hand", async () => {
  await stack.redis.freeze();
  try {
    const since = Date.now();
    await eventually("redis-gone is named", async () =>
      (await modes(stack)).includes("redis-gone") ? true : undefined,
    );
    expect((await ready(stack)).ready).toBe(false);
    expect((await stack.get("/metrics")).body).toMatch(/berth_mode\{[^}]*redis-gone[^}]*\} 1/);
    // Accepted and carried out without Redis.
    const file = stack.write(
      "three.yaml",
      host(["one", "two", "three"].map((n) => counter(n)).join("")),
    );
    await stack.ok("apply", "-f", file, "--wait", "-y");
    await eventually(
      "it stalled long enough",
      () => (Date.now() - since > STALLED_MS ? true : undefined),
      STALLED_MS + 1_000,
    );
    expect((await ready(stack)).role).toBe("leader");
  } finally {
    await stack.redis.thaw();
  }
  await eventually("redis-gone has left", async () =>
    (await ready(stack)).ready ? true : undefined,
  );
  expect(await modes(stack)).toEqual([]);
  const { role, epoch: now } = await ready(stack);
  expect([role, now]).toEqual(["leader", epoch]);
  const rows = await recordsCaughtUp(stack);
  expect(rows.filter(({ outcome }) => outcome !== null)).toEqual([]);
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining([...runIds]));
  expect(rows).toHaveLength(3);
});

test("the output has no gap, and nothing leaks: neither in the daemon, nor after a removal", async () => {
  await noMoreHeld(stack, before);
  expect(await gaps(stack, "one", "two", "three")).toEqual([]);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
