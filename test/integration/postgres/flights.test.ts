/** Round trips: what needs no answer in between is sent in one flight, and a flight that fails leaves nothing behind. */
import { createServer, connect, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgres } from "../../../src/postgres/open.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { testPostgres, type TestPostgres } from "../../support/postgres.ts";
import { LOCAL, acceptOf, refusalOf } from "./requests.ts";
import { rowOf } from "./task-requests.ts";

let database: TestPostgres;
let door: PostgresDoor;
let far: PostgresDoor;
let epoch: number;
let turns = 0;
let proxy: Server;
const sockets = new Set<Socket>();

/** Far longer than it takes to send what waits for no answer. */
const AWAY_MS = 200;

/** A server far away. Counts how often the client speaks after it has heard something: the round trips. */
function counted(host: string, port: number): Server {
  return createServer((near) => {
    const server = connect(port, host);
    let answered = true;
    near.on("data", (bytes) => {
      if (answered) turns += 1;
      answered = false;
      server.write(bytes);
    });
    server.on("data", (bytes) => {
      setTimeout(() => {
        answered = true;
        near.write(bytes);
      }, AWAY_MS);
    });
    for (const [one, other] of [
      [near, server],
      [server, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => setTimeout(() => other.destroy(), AWAY_MS));
    }
  });
}

beforeAll(async () => {
  database = await testPostgres();
  ({ door, epoch } = await database.lead());
  const url = new URL(database.url);
  proxy = counted(url.hostname, Number(url.port));
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  // One connection: what it costs to open is paid before anything is counted.
  far = openPostgres({ url: url.href, install: "test", limits: { connections: 1 } });
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
});
afterAll(async () => {
  await far.close();
  for (const socket of sockets) socket.destroy();
  proxy.close();
  await database.drop();
});

async function turnsOf<T>(work: () => Promise<T>): Promise<[T, number]> {
  await far.epoch();
  turns = 0;
  const result = await work();
  return [result, turns];
}

const RUN = "aaaaaaaa-1";

test("a submission with its audit is one round trip, a claim another, and so is a batch", async () => {
  const [[answer], submitting] = await turnsOf(() => far.tasks.submit(epoch, [rowOf()], LOCAL));
  expect(submitting).toBe(1);
  const task = answer?.ok === true ? answer.task.id : "";
  const audited = await database.sql("select from audit where action = 'task.submit'");
  expect(audited).toHaveLength(1);

  const claim = { task, run: RUN, leaseMs: 60_000 };
  const [claimed, claiming] = await turnsOf(() => far.tasks.claim(epoch, 4, [claim]));
  expect(claimed).toMatchObject([{ task, run: RUN }]);
  expect(claiming).toBe(1);

  const [many, batch] = await turnsOf(() =>
    far.tasks.submit(
      epoch,
      Array.from({ length: 20 }, () => rowOf()),
      LOCAL,
    ),
  );
  expect(many.every(({ ok }) => ok)).toBe(true);
  expect(batch).toBe(1);
});

test("under a stale epoch nothing of a flight takes effect, and the connection goes on", async () => {
  const before = await database.sql("select from task");
  expect(await refusalOf(far.tasks.submit(epoch - 1, [rowOf()], LOCAL))).toBe(
    "conflict postgres.epoch-stale",
  );
  const claim = { task: "1", run: "bbbbbbbb-1", leaseMs: 60_000 };
  expect(await refusalOf(far.tasks.claim(epoch - 1, 4, [claim]))).toBe(
    "conflict postgres.epoch-stale",
  );
  expect(await database.sql("select from task")).toHaveLength(before.length);
  expect(await far.epoch()).toBe(epoch);
});
