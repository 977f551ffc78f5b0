/** Slots: claimed without overshooting the pool, under leases, given back when the claim came to nothing. */
import { expect, test } from "vitest";
import { Client } from "pg";
import { projectSpec } from "../../support/declarations.ts";
import { database, desk, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { LOCAL, refusalOf } from "./requests.ts";
import { endOf, rowOf } from "./task-requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, run, event, task, attempt, task_need",
  projectSpec("web"),
  projectSpec("api"),
);

const claimOf = (task: string, run: string) => ({ task, run, leaseMs: 10_000 });

test("a claimed task runs under a lease, and its slot is known", async () => {
  const { id } = await desk.submit({ payload: [1] });
  expect(await desk.claim(id, "r1")).toEqual({
    task: id,
    run: "r1",
    attempt: 1,
    project: "web",
    agent: "coder",
    payload: [1],
    timeoutMs: 60_000,
  });
  expect(await desk.claim(id, "r2")).toBeUndefined();
  expect(await desk.get(id)).toMatchObject({ state: "running", attempts: 1, run: "r1" });
  const [slot] = await door.tasks.running();
  expect(slot).toMatchObject({
    task: id,
    run: "r1",
    project: "web",
    agent: "coder",
    handed: false,
  });
  const now = await door.clock();
  expect((slot?.leaseUntil ?? 0) - now).toBeGreaterThan(20_000);
  await door.tasks.renew(epoch, ["r1"], 90_000);
  await door.tasks.handed(epoch, ["r1"]);
  const [renewed] = await door.tasks.running();
  expect(renewed).toMatchObject({ handed: true });
  expect((renewed?.leaseUntil ?? 0) - now).toBeGreaterThan(80_000);
});

test("fifty claimers at once never overshoot the pool, and fill it", async () => {
  const tasks = await desk.many(200);
  const doors = Array.from({ length: 5 }, () => database.open());
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      (doors[at % 5] ?? door).tasks.claim(
        epoch,
        16,
        tasks.slice(at * 4, at * 4 + 4).map((task) => claimOf(task.id, `c${at}-${task.id}`)),
      ),
    ),
  );
  expect(answers.flat()).toHaveLength(16);
  expect(await door.tasks.running()).toHaveLength(16);
  await door.tasks.settle(
    epoch,
    answers
      .flat()
      .slice(0, 5)
      .map(({ run }) => endOf(run)),
  );
  const ready = await door.tasks.waiting();
  const more = await Promise.all(
    ready
      .slice(0, 50)
      .map((task) => door.tasks.claim(epoch, 16, [claimOf(task.id, `again-${task.id}`)])),
  );
  expect(more.flat()).toHaveLength(5);
  await Promise.all(doors.map((one) => one.close()));
});

test("fifty claimers of one task: one gets it", async () => {
  const { id } = await desk.submit();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => desk.claim(id, `one-${at}`)),
  );
  expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
  expect((await desk.get(id)).attempts).toBe(1);
});

test("under churn the number of slots never exceeds the pool", async () => {
  const tasks = await desk.many(120);
  const watch = new Client({ connectionString: database.url });
  await watch.connect();
  let most = 0;
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      const { rows } = await watch.query<{ n: number }>(
        "select count(*)::int as n from attempt where outcome is null",
      );
      most = Math.max(most, rows[0]?.n ?? 0);
    }
  })();
  const queue = [...tasks];
  const worker = async (name: number): Promise<void> => {
    for (let task = queue.pop(); task !== undefined; task = queue.pop()) {
      const [claimed] = await door.tasks.claim(epoch, 4, [
        claimOf(task.id, `churn-${name}-${task.id}-${queue.length}`),
      ]);
      if (claimed === undefined) queue.unshift(task);
      else await door.tasks.settle(epoch, [endOf(claimed.run)]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => worker(name)));
  done.abort();
  await watching;
  await watch.end();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(4);
  expect(await door.tasks.counts()).toEqual([
    { project: "web", agent: "coder", state: "succeeded", count: 120 },
  ]);
});

test("a claim whose answer was lost is answered again, until a runner has the attempt", async () => {
  const { id } = await desk.submit();
  const first = await desk.claim(id, "r1");
  expect(await desk.claim(id, "r1")).toEqual(first);
  expect((await desk.get(id)).attempts).toBe(1);
  await door.tasks.handed(epoch, ["r1"]);
  expect(await desk.claim(id, "r1")).toBeUndefined();
});

test("a claim that never reached its runner goes back without counting; one that did stays", async () => {
  const [a, b, c] = [await desk.started("ra"), await desk.started("rb"), await desk.started("rc")];
  await door.tasks.handed(epoch, ["rb"]);
  await door.tasks.cancel(epoch, c.id, LOCAL);
  await door.tasks.unclaim(epoch, ["ra", "rb", "rc", "unknown"]);
  expect(await desk.get(a.id)).toMatchObject({
    state: "ready",
    attempts: 0,
    run: null,
    readyAt: a.readyAt,
  });
  expect(await desk.get(b.id)).toMatchObject({ state: "running", attempts: 1 });
  expect(await desk.get(c.id)).toMatchObject({ state: "cancelled", reason: "cancelled by ada" });
  expect((await door.tasks.running()).map((slot) => slot.run)).toEqual(["rb"]);
  expect(await desk.claim(a.id, "ra2")).toMatchObject({ attempt: 1 });
  await expect(database.sql("delete from attempt where run = 'rb'")).rejects.toThrow(
    "is not undone",
  );
});

test("no write of an older epoch changes a task", async () => {
  const waiting = await desk.submit();
  const running = await desk.started("r1");
  await door.tasks.handed(epoch, ["r1"]);
  const older = epoch - 1;
  const { tasks } = door;
  const world = () =>
    Promise.all(
      ["task", "attempt", "task_need", "event", "audit"].map((table) =>
        database.sql(`select * from ${table} order by 1`),
      ),
    );
  const before = await world();
  const refusals = await Promise.all(
    [
      tasks.submit(older, [rowOf()], LOCAL),
      tasks.claim(older, 9, [claimOf(waiting.id, "rx")]),
      tasks.handed(older, ["r1"]),
      tasks.unclaim(older, ["r1"]),
      tasks.renew(older, ["r1"], 99_000),
      tasks.settle(older, [endOf("r1")]),
      tasks.promote(older, 9e12),
      tasks.cancel(older, waiting.id, LOCAL),
      tasks.retry(older, running.id, LOCAL),
      tasks.setPriority(older, waiting.id, 1, LOCAL),
    ].map((call) => refusalOf(call)),
  );
  expect(new Set(refusals)).toEqual(new Set(["conflict postgres.epoch-stale"]));
  expect(await world()).toEqual(before);
});

test("what is said of many attempts waits for none that another transaction is just ending: so no two wait for each other", async () => {
  await desk.started("r1");
  await desk.started("r2");
  const ending = new Client({ connectionString: database.url });
  await ending.connect();
  try {
    await ending.query("begin");
    await ending.query("update attempt set reason = 'ending' where run = 'r1'");
    await door.tasks.handed(epoch, ["r1", "r2"]);
    await door.tasks.renew(epoch, ["r1", "r2"], 99_000_000);
    const { rows } = await ending.query<{ run: string; handed: boolean; long: boolean }>(
      "select run, handed_at is not null as handed, lease_until > now() + interval '1 day' as long from attempt order by run",
    );
    expect(rows).toEqual([
      { run: "r1", handed: false, long: false },
      { run: "r2", handed: true, long: true },
    ]);
  } finally {
    await ending.query("rollback");
    await ending.end();
  }
  await door.tasks.handed(epoch, ["r1"]);
  expect((await door.tasks.running()).every(({ handed }) => handed)).toBe(true);
});
