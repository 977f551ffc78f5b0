/** Tasks: submitted, waiting for each other, listed, steered and forgotten as said. */
import { expect, test } from "vitest";
import { TASK_MOVES, TASK_STATES, mayMoveTask } from "../../../src/model/task.ts";
import { projectSpec } from "../../support/declarations.ts";
import { database, desk, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { LOCAL, moveOf, refusalOf, wantOf } from "./requests.ts";
import { endOf, failureOf, listOf, rowOf } from "./task-requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, run, event, task, attempt, task_need",
  projectSpec("web"),
  projectSpec("api"),
);

const submit = (...rows: Parameters<typeof rowOf>[0][]) =>
  door.tasks.submit(epoch, rows.map(rowOf), LOCAL);

test("the database's moves are the code's", async () => {
  const rows = await database.sql<{ move: string }>(
    "select one || ' ' || other as move from unnest($1::text[]) one, unnest($1::text[]) other where task_may_move(one, other)",
    [TASK_STATES],
  );
  const moves = Object.entries(TASK_MOVES).flatMap(([from, tos]) =>
    tos.map((to) => `${from} ${to}`),
  );
  expect(rows.map((row) => row.move).toSorted()).toEqual(moves.toSorted());
});

test("the database refuses every move that is not in the table, and makes every other", async () => {
  const moveTo = (state: string, id: string): string =>
    `update task set state = '${state}', ended_at = case when '${state}' in ('pending', 'ready', 'running') then null else now() end where id = ${id}`;
  const { id } = await desk.submit();
  for (const from of TASK_STATES)
    for (const to of TASK_STATES.filter((state) => state !== from)) {
      await database.sql(`set session_replication_role = replica; ${moveTo(from, id)}`);
      const moved = await database.sql(moveTo(to, id)).then(
        () => true,
        (error: unknown) => (String(error).includes("may not move") ? false : String(error)),
      );
      expect([from, to, moved]).toEqual([from, to, mayMoveTask(from, to)]);
    }
});

test("a task begins as pending or ready, and is forgotten only when it has ended", async () => {
  const { id } = await desk.submit();
  await expect(
    database.sql(
      "insert into task (project, agent, state, payload, priority, complexity, tags, after, max_attempts, backoff_ms, timeout_ms, asked_by, ready_at) values ('web', 'a', 'running', '1', 1, 1, '{}', '{}', 1, 1, 1, 'me', now())",
    ),
  ).rejects.toThrow("begins as pending or ready");
  await expect(database.sql("delete from task where id = $1", [id])).rejects.toThrow(
    "only an ended task",
  );
});

test("a submitted task is there as it was given, ready for a slot", async () => {
  const deadlineAt = (await door.clock()) + 60_000;
  const given = {
    payload: { text: "a\0b \u{1F600}", list: [1, null] },
    tags: ['x"y', "a,b\\", "{}"],
    deadlineAt,
    priorityUsed: 700,
  };
  const [answer] = await submit(given);
  const { ran, ...task } = await desk.get(answer?.ok === true ? answer.task.id : "");
  expect(ran).toBeNull();
  expect(answer).toEqual({ ok: true, task, fresh: true });
  expect(task).toMatchObject({
    project: "web",
    agent: "coder",
    state: "ready",
    reason: null,
    payload: given.payload,
    result: null,
    priority: 700,
    complexity: 3,
    deadlineAt,
    tags: given.tags,
    after: [],
    attempts: 0,
    maxAttempts: 3,
    notBefore: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    run: null,
  });
  expect(task.readyAt).toBeGreaterThanOrEqual(task.submittedAt - 5);
  expect(await door.tasks.waiting()).toEqual([
    {
      id: task.id,
      project: "web",
      agent: "coder",
      priority: 700,
      complexity: 3,
      deadlineAt,
      readyAt: task.readyAt,
    },
  ]);
});

test("one bad row does not spoil the others", async () => {
  const other = await desk.submit({ project: "api" });
  let deep: unknown = 1;
  for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];
  const answers = await submit(
    {},
    { project: "nobody" },
    { after: [other.id] },
    { after: ["no-number"] },
    { payload: "x".repeat(262_144) },
    { payload: deep },
    { tags: ["a\0"] },
    { priorityUsed: 1.5 },
    { agent: "last" },
  );
  expect(answers.map((answer) => (answer.ok ? answer.task.agent : answer.code))).toEqual([
    "coder",
    "postgres.project-unknown",
    "task.dependency-unknown",
    "task.dependency-unknown",
    "postgres.task-invalid",
    "postgres.task-invalid",
    "postgres.task-invalid",
    "postgres.task-invalid",
    "last",
  ]);
  expect(await door.tasks.waiting()).toHaveLength(3);
});

test("a task waits until all it comes after have succeeded", async () => {
  const [a, b] = [await desk.started("ra"), await desk.started("rb")];
  const last = await desk.submit({ after: [a.id, b.id, a.id] });
  expect(last).toMatchObject({ state: "pending", after: [a.id, b.id, a.id], readyAt: null });
  await door.tasks.settle(epoch, [endOf("ra")]);
  expect(await desk.promoted()).toEqual({
    ready: [],
    ended: [],
    nextAt: null,
    awaited: true,
  });
  await door.tasks.settle(epoch, [endOf("rb")]);
  expect((await desk.promoted()).ready.map((task) => task.id)).toEqual([last.id]);
  expect((await desk.submit({ after: [a.id, b.id] })).state).toBe("ready");
  expect(await database.sql("select from task_need")).toEqual([]);
});

test("if one of them ends otherwise, those after it are cancelled with the reason, all down the chain", async () => {
  const first = await desk.started("r1", { maxAttempts: 1 });
  const fine = await desk.started("r2");
  const second = await desk.submit({ after: [first.id, fine.id] });
  const third = await desk.submit({ after: [second.id] });
  await door.tasks.settle(epoch, [failureOf("r1"), endOf("r2")]);
  expect((await desk.submit({ after: [first.id] })).state).toBe("pending");
  const { ended, ready } = await desk.promoted();
  expect(ready).toEqual([]);
  expect(ended.map(({ state, reason }) => [state, reason])).toEqual([
    ["cancelled", `task ${first.id}, which it comes after, ended as failed`],
    ["cancelled", `task ${first.id}, which it comes after, ended as failed`],
    ["cancelled", `task ${second.id}, which it comes after, ended as cancelled`],
  ]);
  await door.tasks.retry(epoch, first.id, LOCAL);
  await desk.claim(first.id, "r1b");
  await door.tasks.settle(epoch, [endOf("r1b")]);
  expect((await desk.promoted()).ready).toEqual([]);
  expect((await desk.get(third.id)).state).toBe("cancelled");
});

test("tasks that end at the same moment in different transactions free the one that waits for all of them", async () => {
  const needed = await Promise.all(
    Array.from({ length: 12 }, (_, at) => desk.started(`many-${at}`)),
  );
  const waiting = await Promise.all(
    [1, 2, 3].map(() => desk.submit({ after: needed.map((task) => task.id) })),
  );
  await Promise.all(needed.map((_, at) => door.tasks.settle(epoch, [endOf(`many-${at}`)])));
  expect((await desk.promoted()).ready.map((task) => task.id).toSorted()).toEqual(
    waiting.map((task) => task.id).toSorted(),
  );
});

test("past its deadline a waiting task is timed out without being started, and cannot be claimed", async () => {
  const now = await door.clock();
  const late = await desk.submit({ deadlineAt: now - 1 });
  const later = await desk.submit({ deadlineAt: now + 50_000 });
  const chained = await desk.submit({ after: [later.id], deadlineAt: now + 60_000 });
  expect(await desk.claim(late.id)).toBeUndefined();
  expect(await desk.promoted()).toMatchObject({
    ended: [
      {
        id: late.id,
        state: "timed-out",
        attempts: 0,
        reason: "deadline passed while it waited",
      },
    ],
    nextAt: now + 50_000,
  });
  const held = [{ project: "web", agent: "coder", text: "pool full: 4 of 4 slots are taken" }];
  const third = await desk.submit({ deadlineAt: now + 1 });
  expect((await door.tasks.promote(epoch, now + 2, held)).ended).toMatchObject([
    { id: third.id, reason: `deadline passed while it waited: ${held[0]?.text}` },
  ]);
  await desk.claim(later.id, "in time");
  expect((await desk.promoted(now + 70_000)).ended).toMatchObject([
    { id: chained.id, reason: `deadline passed while it waited for task ${later.id}` },
  ]);
  expect((await desk.get(later.id)).state).toBe("running");
});

test("a deadline that passes during a backoff says so, and what the last attempt came to", async () => {
  const deadlineAt = (await door.clock()) + 50_000;
  const task = await desk.started("r1", { deadlineAt, maxAttempts: 2, backoffMs: 40_000 });
  const [waiting] = await door.tasks.settle(epoch, [failureOf("r1")]);
  expect(waiting).toMatchObject({ id: task.id, state: "pending" });
  // a slot is none of its concerns
  const held = [{ project: "web", agent: "coder", text: "pool full" }];
  expect((await door.tasks.promote(epoch, deadlineAt, held)).ended).toMatchObject([
    {
      id: task.id,
      state: "timed-out",
      reason: `deadline passed while it waited to be tried again: ${waiting?.reason}`,
    },
  ]);
});

test("a waiting task is cancelled at once, a running one when its runner has ended it, an ended one not at all", async () => {
  const waiting = await desk.submit();
  expect(await door.tasks.cancel(epoch, waiting.id, LOCAL)).toMatchObject({
    task: { state: "cancelled", reason: "cancelled by ada" },
    runningRun: null,
  });
  expect(await door.tasks.cancel(epoch, waiting.id, LOCAL)).toMatchObject({
    task: { state: "cancelled" },
  });
  const running = await desk.started("r1");
  for (const _ of [1, 2])
    expect(await door.tasks.cancel(epoch, running.id, LOCAL)).toMatchObject({
      task: { state: "running" },
      runningRun: "r1",
    });
  expect(
    await door.tasks.settle(epoch, [failureOf("r1", { exitCode: null, signal: "SIGTERM" })]),
  ).toMatchObject([{ state: "cancelled", reason: "cancelled by ada", signal: "SIGTERM" }]);
  const done = await desk.started("r2");
  await door.tasks.cancel(epoch, done.id, LOCAL);
  await door.tasks.settle(epoch, [endOf("r2")]);
  expect((await desk.get(done.id)).state).toBe("succeeded");
  expect(await refusalOf(door.tasks.cancel(epoch, done.id, LOCAL))).toBe(
    "conflict postgres.move-illegal",
  );
  expect(await refusalOf(door.tasks.cancel(epoch, "999999", LOCAL))).toBe(
    "usage postgres.task-unknown",
  );
  expect(await refusalOf(door.tasks.cancel(epoch, "nonsense", LOCAL))).toBe(
    "usage postgres.task-unknown",
  );
  const audited = (
    await door.audit({ limit: 50, project: "web", since: null, before: null })
  ).filter((row) => row.action === "task.cancel");
  expect(audited).toHaveLength(3);
});

test("the priority of what waits can change, of nothing else", async () => {
  const task = await desk.submit();
  expect(await door.tasks.setPriority(epoch, task.id, 900, LOCAL)).toMatchObject({ priority: 900 });
  await desk.claim(task.id);
  expect(await refusalOf(door.tasks.setPriority(epoch, task.id, 1, LOCAL))).toBe(
    "conflict postgres.move-illegal",
  );
});

test("lists go newest first, page by page, by project, agent, state and tag", async () => {
  const tasks = await desk.many(5, { tags: ["even"] });
  const [api] = await desk.many(1, { project: "api", agent: "tester", tags: ["odd"] });
  const ids = async (changes: Parameters<typeof listOf>[0]) =>
    (await door.tasks.list(listOf(changes))).map((task) => task.id);
  const newest = tasks.map((task) => task.id).toReversed();
  expect(await ids({ project: "web", limit: 2 })).toEqual(newest.slice(0, 2));
  expect(await ids({ project: "web", after: newest[1] ?? "" })).toEqual(newest.slice(2));
  expect(await ids({ agent: "tester" })).toEqual([api?.id]);
  expect(await ids({ tag: "odd" })).toEqual([api?.id]);
  await door.tasks.cancel(epoch, newest[0] ?? "", LOCAL);
  expect(await ids({ states: ["cancelled", "dead"] })).toEqual([newest[0]]);
  expect(await ids({ after: "nonsense" })).toEqual([]);
  expect(await door.tasks.counts()).toEqual([
    { project: "api", agent: "tester", state: "ready", count: 1 },
    { project: "web", agent: "coder", state: "cancelled", count: 1 },
    { project: "web", agent: "coder", state: "ready", count: 4 },
  ]);
});

test("a removed project's waiting tasks are cancelled, its running ones end, its history stays, and nothing new comes in", async () => {
  const told: string[] = [];
  door.tasks.onSettled((tasks) => told.push(...tasks.map((task) => task.id)));
  const waiting = await desk.submit();
  const chained = await desk.submit({ after: [waiting.id] });
  const running = await desk.started("r1");
  const dead = await desk.started("r2", { maxAttempts: 1 });
  await door.tasks.settle(epoch, [failureOf("r2")]);
  const other = await desk.submit({ project: "api" });
  await door.intend(wantOf(epoch, "web", "removed"));
  expect(await submit({})).toMatchObject([{ ok: false, code: "postgres.project-leaving" }]);
  expect((await desk.get(waiting.id)).state).toBe("ready");
  expect(
    await door.settlePhase(moveOf({ epoch, project: "web", from: "removing", to: "removed" })),
  ).toBe(true);
  for (const id of [waiting.id, chained.id, running.id])
    expect(await desk.get(id)).toMatchObject({ state: "cancelled", reason: "project removed" });
  expect(await door.tasks.running()).toEqual([]);
  expect((await desk.get(dead.id)).state).toBe("failed");
  expect((await desk.get(other.id)).state).toBe("ready");
  expect(told.toSorted()).toEqual([waiting.id, chained.id, running.id, dead.id].toSorted());
  expect(await submit({})).toMatchObject([{ ok: false, code: "postgres.project-unknown" }]);
  expect(await refusalOf(door.tasks.retry(epoch, dead.id, LOCAL))).toBe(
    "usage postgres.project-unknown",
  );
});

test("ended tasks are forgotten after their days with their attempts, others never", async () => {
  const old = await desk.started("old");
  const open = await desk.started("open");
  const fresh = await desk.started("fresh");
  await door.tasks.settle(epoch, [endOf("old"), endOf("fresh")]);
  await database.sql("update task set ended_at = now() - interval '40 days' where id = $1", [
    old.id,
  ]);
  await database.sql("update task set submitted_at = now() - interval '40 days'");
  const days = { runsDays: 30, eventsDays: 30, stepsDays: 30, auditDays: 30, generationsKept: 5 };
  expect(await door.enforceRetention({ epoch, ...days })).toMatchObject({ task: 1 });
  expect(await door.tasks.get(old.id)).toBeNull();
  expect((await desk.get(open.id)).state).toBe("running");
  expect((await desk.get(fresh.id)).state).toBe("succeeded");
  expect(
    (await database.sql("select run from attempt order by run")).map((row) => row["run"]),
  ).toEqual(["fresh", "open"]);
});

test("all that waits is read, however many and whatever the length of their ids", async () => {
  const ids: string[] = [];
  for (let at = 0; at < 6; at += 1)
    ids.push(...(await desk.many(1_000, { payload: null })).map(({ id }) => id));
  expect((await door.tasks.waiting()).map(({ id }) => id)).toEqual(ids);
}, 60_000);
