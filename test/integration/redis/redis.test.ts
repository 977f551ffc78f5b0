/** The lease, wake-ups and live status on a real Redis. */
import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RedisDoor } from "../../../src/redis/door.ts";
import { testRedis } from "../../support/redis.ts";
import type { TestRedis } from "../../support/redis.ts";

const POLL = { timeout: 10_000, interval: 10 };
let redis: TestRedis;
let door: RedisDoor;
beforeAll(async () => {
  redis = await testRedis();
  door = redis.open();
});
afterAll(() => redis.drop());
beforeEach(() =>
  redis.raw((client) =>
    client.del(`berth:${redis.install}:lease`, `berth:${redis.install}:status`),
  ),
);

test("the lease is one holder's until it ends", async () => {
  expect(await door.readLease()).toEqual({ holder: null, ttlMs: 0 });
  expect(await door.takeLease("a", 60_000)).toBe(true);
  expect(await door.takeLease("b", 60_000)).toBe(false);
  expect(await door.takeLease("a", 60_000)).toBe(true);
  const lease = await door.readLease();
  expect(lease.holder).toBe("a");
  expect(lease.ttlMs).toBeGreaterThan(50_000);
  expect(lease.ttlMs).toBeLessThanOrEqual(60_000);
});

test("of many who take the lease at once exactly one holds it", async () => {
  const doors = Array.from({ length: 8 }, () => redis.open());
  const taken = await Promise.all(doors.map((each, n) => each.takeLease(`h${n}`, 60_000)));
  expect(taken.filter(Boolean)).toHaveLength(1);
  await Promise.all(doors.map((each) => each.close()));
});

test("only the holder renews and releases it; a lost lease is not renewed", async () => {
  await door.takeLease("a", 60_000);
  expect(await door.renewLease("b", 90_000)).toBe(false);
  expect(await door.renewLease("a", 90_000)).toBe(true);
  expect((await door.readLease()).ttlMs).toBeGreaterThan(80_000);
  await door.releaseLease("b");
  expect((await door.readLease()).holder).toBe("a");
  await door.releaseLease("a");
  expect((await door.readLease()).holder).toBeNull();
  expect(await door.renewLease("a", 90_000)).toBe(false);
});

test("an expired lease is free", async () => {
  await door.takeLease("a", 30);
  await expect.poll(() => door.takeLease("b", 60_000), POLL).toBe(true);
});

test("a wake-up reaches every subscriber of its topic and no other, until it is closed", async () => {
  const other = redis.open();
  const seen: string[] = [];
  const one = await door.subscribe("changed", (payload) => seen.push(`one ${payload}`));
  const two = await other.subscribe("changed", (payload) => seen.push(`two ${payload}`));
  await door.subscribe("else", (payload) => seen.push(`else ${payload}`));
  await door.publish("changed", "web");
  await expect.poll(() => seen.toSorted(), POLL).toEqual(["one web", "two web"]);
  expect([await door.listeners("changed"), await door.listeners("nobody's")]).toEqual([2, 0]);
  await one.close();
  await one.close();
  await expect.poll(() => door.listeners("changed"), POLL).toBe(1);
  await door.publish("changed", "api");
  await expect.poll(() => seen.at(-1), POLL).toBe("two api");
  expect(seen).toHaveLength(3);
  await two.close();
  await other.close();
});

test("one function may listen twice, and another install hears nothing", async () => {
  const seen: string[] = [];
  const foreign = redis.open({ install: "foreign" });
  const heard: string[] = [];
  await foreign.subscribe("twice", (payload) => heard.push(payload));
  const listener = (payload: string): void => void seen.push(payload);
  const [first] = await Promise.all([
    door.subscribe("twice", listener),
    door.subscribe("twice", listener),
  ]);
  await door.publish("twice", "x");
  await expect.poll(() => seen, POLL).toEqual(["x", "x"]);
  await first.close();
  await door.publish("twice", "y");
  await expect.poll(() => seen, POLL).toEqual(["x", "x", "y"]);
  expect(heard).toEqual([]);
  await foreign.close();
});

test("the status is replaced as a whole and expires", async () => {
  expect(await door.readStatus()).toEqual({});
  await door.writeStatus({ web: "active", api: "paused" }, 60_000);
  await door.writeStatus({ web: "active 2" }, 60_000);
  expect(await door.readStatus()).toEqual({ web: "active 2" });
  await door.writeStatus({ web: "brief" }, 20);
  await expect.poll(() => door.readStatus(), POLL).toEqual({});
  await door.writeStatus({}, 60_000);
  expect(await door.readStatus()).toEqual({});
});

test("the status of thousands of projects goes in at once", async () => {
  const status = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, n) => [`p-${n}`, "x".repeat(50)]),
  );
  await door.writeStatus(status, 60_000);
  expect(await door.readStatus()).toEqual(status);
});

test("every key is below berth:<install>: and every key expires", async () => {
  await door.takeLease("a", 60_000);
  await door.writeStatus({ web: "active" }, 60_000);
  const keys = await redis.raw((client) => client.keys(`*${redis.install}*`));
  expect(keys.toSorted()).toEqual([
    `berth:${redis.install}:lease`,
    `berth:${redis.install}:status`,
  ]);
  const ttls = await redis.raw((client) => Promise.all(keys.map((key) => client.pttl(key))));
  expect(ttls.every((ttl) => ttl > 0)).toBe(true);
});

test.each(globSync("src/redis/lua/*.lua"))("%s states its contract", (file) => {
  const [header = ""] = readFileSync(file, "utf8").split(/^(?!--)/m);
  expect(header).toMatch(/^-- \S.*\n-- KEYS: [\s\S]*ARGV: [\s\S]*Output: [\s\S]*\n-- Atomicity: /);
});
