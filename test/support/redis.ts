/** A Redis for tests: the one BERTH_TEST_REDIS_URL names, else a container; every test has a key prefix of its own and leaves no key. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { RedisDoor } from "../../src/redis/door.ts";
import { openRedis } from "../../src/redis/open.ts";
import type { RedisOptions } from "../../src/redis/options.ts";
import { startServer } from "./servers.ts";
import type { TestServer } from "./servers.ts";

const LEAK_MS = 5_000;

export interface TestRedis {
  readonly url: string;
  readonly install: string;
  /** Doors of one install; closed by `drop`. */
  open(options?: Partial<RedisOptions>): RedisDoor;
  /** Straight to the keys, to look at the world. */
  raw<T>(work: (client: Redis) => Promise<T>): Promise<T>;
  /** Removes this install's keys; fails if a door left a connection. */
  drop(): Promise<void>;
}

export async function startRedis({ direct = false } = {}): Promise<
  TestServer & Readonly<{ url: string }>
> {
  const server = await startServer({
    image: process.env["BERTH_IMAGE_REDIS"] ?? "redis:7-bookworm",
    port: 6379,
    environment: {},
    direct,
    command: ["redis-server", "--save", "", "--appendonly", "no"],
    ask: (host, port) => once(urlAt(host, port), (client) => client.ping()),
  });
  return { ...server, url: urlAt(server.host, server.port) };
}

export async function testRedis(): Promise<TestRedis> {
  const given = process.env["BERTH_TEST_REDIS_URL"];
  const server = given === undefined ? await startRedis() : null;
  const url = server?.url ?? given ?? "";
  const install = `t${randomBytes(6).toString("hex")}`;
  const doors: RedisDoor[] = [];
  const raw: TestRedis["raw"] = (work) => once(url, work);
  const before = await raw(connections);
  return {
    url,
    install,
    raw,
    open: (options = {}) => {
      const door = openRedis({ url, install, ...options });
      doors.push(door);
      return door;
    },
    drop: async () => {
      await Promise.all(doors.map((door) => door.close()));
      const leaked = await raw((client) => leftConnections(client, before));
      await raw(async (client) => {
        const keys = await client.keys(`berth:${install}:*`);
        if (keys.length > 0) await client.del(...keys);
      });
      await server?.stop();
      if (leaked > 0) throw new Error(`${leaked} connections were left open`);
    },
  };
}

async function connections(client: Redis): Promise<number> {
  return String(await client.client("LIST"))
    .trim()
    .split("\n").length;
}

/** More than before the test; a closing one is given a moment. */
async function leftConnections(client: Redis, before: number): Promise<number> {
  const until = Date.now() + LEAK_MS;
  for (;;) {
    const left = (await connections(client)) - before;
    if (left <= 0 || Date.now() > until) return Math.max(0, left);
  }
}

async function once<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    replyMapping: "legacy",
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function urlAt(host: string, port: number): string {
  return `redis://${host}:${port}`;
}
