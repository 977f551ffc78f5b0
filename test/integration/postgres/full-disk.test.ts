/** A disk that is full: one outage from the first refused write until there is room again, whatever small writes succeed meanwhile. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "pg";
import { openGuard } from "../../../src/guard/guard.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { openPostgres } from "../../../src/postgres/open.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { startPostgres } from "../../support/postgres.ts";
import type { TestServer } from "../../support/servers.ts";
import { acceptOf, refusalOf, wantOf } from "./requests.ts";

const POLL = { timeout: 20_000, interval: 50 };
const LIMITS = { connections: 4, connectMs: 5_000, statementMs: 5_000, callMs: 6_000 };
const SMALL = "/small";
let server: TestServer & Readonly<{ url: string }>;
let door: PostgresDoor;
let admin: Client;
let epoch: number;
beforeAll(async () => {
  // Owned by the image's user postgres; a database is 8 MiB.
  server = await startPostgres({ inMemory: { [SMALL]: "size=32m,uid=999,gid=999,mode=0700" } });
  const first = await connected(server.url);
  await first.query(`create tablespace small location '${SMALL}'`);
  await first.query("create database small tablespace small");
  await first.end();
  const url = new URL(server.url);
  url.pathname = "/small";
  // A breaker would answer for the server: here each call is to meet the server itself.
  const guard = openGuard("postgres", { failureThreshold: 1_000_000 });
  door = openPostgres({ url: url.href, install: "test", limits: LIMITS, guard });
  await door.migrate();
  await door.install("test");
  epoch = (await door.takeLeadership({ holder: "me", floor: 0, force: true })) ?? 0;
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
  admin = await connected(url.href);
});
afterAll(async () => {
  await admin?.end();
  await door?.close();
  await server?.stop();
});

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Until not even a page fits. */
async function fill(): Promise<void> {
  await admin.query("create table filler (filling text)");
  await admin.query("alter table filler alter column filling set storage plain");
  for (const rows of [256, 16, 1]) {
    const insert = `insert into filler select repeat('x', 7000) from generate_series(1, ${rows})`;
    for (let room = true; room;)
      room = await admin.query(insert).then(
        () => true,
        () => false,
      );
  }
}

const event = (size: number) => ({
  project: "web",
  kind: "test.filled",
  cause: "daemon",
  message: "x".repeat(size),
  fields: {},
});

test("a full disk is one outage until there is room, though reads and small writes succeed", async () => {
  const seen: boolean[] = [];
  door.onState((reachable) => seen.push(reachable));
  await door.ping();
  await fill();
  const write = () =>
    refusalOf(
      door.appendEvents(
        epoch,
        Array.from({ length: 20 }, () => event(2_000)),
      ),
    );
  await expect.poll(write, POLL).toBe("transient postgres.disk-full");
  await expect.poll(() => seen.at(-1), POLL).toBe(false);
  const until = seen.length;
  let small = 0;
  for (let turn = 0; turn < 12; turn += 1) {
    await refusalOf(door.projects());
    expect(await refusalOf(door.ping())).toBe("transient postgres.disk-full");
    const wish = await refusalOf(
      door.intend(wantOf(epoch, "web", turn % 2 === 0 ? "stopped" : "active")),
    );
    if (wish.startsWith("answered")) small += 1;
    await write();
  }
  expect(small, "writes that needed no room").toBeGreaterThan(0);
  expect(seen.slice(until)).toEqual([]);

  await admin.query("drop table filler");
  await expect.poll(() => refusalOf(door.ping()), POLL).toBe("answered undefined");
  expect(seen.slice(until)).toEqual([true]);
  expect(await write()).toMatch(/^answered/);
  expect(seen.slice(until)).toEqual([true]);
});
