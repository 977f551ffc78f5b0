/** A Redis that is wiped, hangs, dies or comes back: nobody waits for ever, and it mends itself. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Redis } from "ioredis";
import { BerthError } from "../../../src/base/errors.ts";
import type { RedisDoor } from "../../../src/redis/door.ts";
import { openRedis } from "../../../src/redis/open.ts";
import { startRedis } from "../../support/redis.ts";
import type { TestServer } from "../../support/servers.ts";

const POLL = { timeout: 20_000, interval: 20 };
let server: TestServer & Readonly<{ url: string }>;
const doors: RedisDoor[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterEach(() => Promise.all(doors.splice(0).map((door) => door.close())));
afterAll(() => server.stop());

function open(url = server.url): RedisDoor {
  const door = openRedis({
    url,
    install: "test",
    limits: { callMs: 300, connectMs: 300, silenceMs: 600 },
  });
  doors.push(door);
  return door;
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: unknown) =>
      error instanceof BerthError ? `${error.kind} ${error.code}` : String(error),
  );
}

async function raw(...command: [string, ...string[]]): Promise<void> {
  const client = new Redis(server.url, { replyMapping: "legacy" });
  await client.call(...command);
  client.disconnect();
}

test("a wipe loses the lease and nothing else: it is taken anew, status and wake-ups go on", async () => {
  const door = open();
  const seen: string[] = [];
  await door.takeLease("a", 60_000);
  await door.subscribe("t", (payload) => seen.push(payload));
  await raw("FLUSHALL");
  await raw("SCRIPT", "FLUSH");
  expect(await door.renewLease("a", 60_000)).toBe(false);
  expect(await door.takeLease("a", 60_000)).toBe(true);
  await door.writeStatus({ web: "active" }, 60_000);
  expect(await door.readStatus()).toEqual({ web: "active" });
  await door.publish("t", "x");
  await expect.poll(() => seen, POLL).toEqual(["x"]);
});

test("a frozen server: calls end in time, later ones at once, and a thaw is enough", async () => {
  const door = open();
  await door.ping();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await server.freeze();
  try {
    const from = performance.now();
    const refusals = await Promise.all(
      Array.from({ length: 20 }, () => refusalOf(door.renewLease("a", 1_000))),
    );
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(new Set(refusals)).toEqual(new Set(["transient redis.timeout"]));
    expect(await refusalOf(door.ping())).toBe("transient redis.breaker-open");
    expect(await refusalOf(open().ping())).toMatch(/^transient redis\.(timeout|unreachable)$/);
  } finally {
    await server.thaw();
  }
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  expect(seen.at(0)).toBe(false);
  await expect.poll(() => seen.at(-1), POLL).toBe(true);
});

test("a command given up while the server was gone is not sent later", async () => {
  const door = open();
  await door.ping();
  await server.kill();
  expect(await refusalOf(door.takeLease("late", 60_000))).toMatch(/^transient redis\./);
  await server.revive();
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  expect(await door.readLease()).toEqual({ holder: null, ttlMs: 0 });
});

test("a killed server is told as unreachable without a call, and subscriptions are back when it is", async () => {
  const door = open();
  const payloads: string[] = [];
  await door.subscribe("t", (payload) => payloads.push(payload));
  await door.ping();
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await server.kill();
  await expect.poll(() => seen, POLL).toEqual([false]);
  await server.revive();
  await expect.poll(() => seen, POLL).toEqual([false, true]);
  await expect
    .poll(async () => {
      await door.publish("t", "again").catch(() => undefined);
      return payloads.includes("again");
    }, POLL)
    .toBe(true);
});

test("no server at all: each call says so in time, and so does a subscription", async () => {
  const door = open("redis://127.0.0.1:1");
  expect(await refusalOf(door.ping())).toBe("transient redis.unreachable");
  expect(await refusalOf(door.subscribe("t", () => undefined))).toMatch(
    /^transient redis\.(unreachable|timeout)$/,
  );
});

test("a wrong password says who must act", async () => {
  const url = new URL(server.url);
  url.username = "nobody";
  url.password = "wrong";
  expect(await refusalOf(open(url.href).ping())).toBe("rejected redis.access-denied");
});

test.each([
  ["full", ["maxmemory", "1mb"], ["maxmemory", "0"]],
  ["a replica", ["replica"], ["master"]],
  ["closed to us by a new password", ["requirepass", "new"], ["requirepass", ""]],
])(
  "a server that is %s counts as gone until it takes writes again, and does not flicker",
  async (_, worse, better) => {
    const door = open();
    const seen: boolean[] = [];
    door.onState((reachable) => seen.push(reachable));
    await door.ping();
    const admin = new Redis(server.url, { replyMapping: "legacy" });
    const set = async ([name = "", value]: readonly string[]): Promise<void> => {
      if (value !== undefined) await admin.config("SET", name, value);
      else
        await admin.call("REPLICAOF", ...(name === "replica" ? ["127.0.0.1", "1"] : ["NO", "ONE"]));
    };
    await set(worse);
    // Who is connected stays so over a new password.
    await admin.call("CLIENT", "KILL", "SKIPME", "yes");
    try {
      const refusal = async (): Promise<string> => refusalOf(door.takeLease("a", 60_000));
      await expect.poll(refusal, POLL).toMatch(/^(transient|rejected) redis\./);
      await expect.poll(() => seen.at(-1), POLL).toBe(false);
      const until = seen.length;
      // As the daemon does while it is away: its own work, and a probe now and then.
      for (let turn = 0; turn < 10; turn += 1) {
        await refusalOf(door.readStatus());
        expect(await refusalOf(door.ping())).toMatch(/^(transient|rejected) redis\./);
        await refusalOf(door.takeLease("a", 60_000));
      }
      expect(seen.slice(until)).toEqual([]);
    } finally {
      await set(better);
      admin.disconnect();
    }
    await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
    await expect.poll(() => seen.at(-1), POLL).toBe(true);
    expect(await door.takeLease("a", 60_000)).toBe(true);
    await door.releaseLease("a");
  },
);
