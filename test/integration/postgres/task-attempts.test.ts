/** Attempts: ended exactly once, retried by policy, whatever is told twice or killed when. */
import { expect, test } from "vitest";
import type { JournalBody, JournalEvent } from "../../../src/model/run.ts";
import type { TaskRecord } from "../../../src/model/task.ts";
import { projectSpec } from "../../support/declarations.ts";
import { database, desk, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { LOCAL, exited, journal, refusalOf, started } from "./requests.ts";
import { endOf, failureOf, listOf } from "./task-requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, run, event, task, attempt, task_need",
  projectSpec("web"),
  projectSpec("api"),
);

const ingest = (events: readonly JournalEvent[], to = door) =>
  to.ingest({ epoch, project: "web", generation: 1, events });
const begun = (run: string, task: string): JournalBody =>
  ({ ...started(run), task, agent: "coder" }) as JournalBody;

test("a failed attempt is tried again after its backoff, until it is dead; by hand once more", async () => {
  const { id } = await desk.submit({ backoffMs: 10_000 });
  await desk.claim(id, "r1");
  const before = await door.clock();
  const [first] = await door.tasks.settle(epoch, [failureOf("r1", { jitter: 0 })]);
  expect(first).toMatchObject({
    state: "pending",
    reason: "attempt 1 of 3 failed: exit code 1",
    exitCode: 1,
    endedAt: null,
  });
  expect((first?.notBefore ?? 0) - before).toBeGreaterThanOrEqual(9_990);
  expect(await desk.promoted()).toEqual({
    ready: [],
    ended: [],
    nextAt: first?.notBefore,
    awaited: false,
  });
  expect((await desk.promoted(first?.notBefore ?? 0)).ready.map((task) => task.id)).toEqual([id]);
  await desk.claim(id, "r2");
  const [second] = await door.tasks.settle(epoch, [
    failureOf("r2", { outcome: "timed-out", exitCode: null, reason: "too long", jitter: 0.999 }),
  ]);
  const wait = (second?.notBefore ?? 0) - (await door.clock());
  expect(second).toMatchObject({ state: "pending", reason: "attempt 2 of 3 timed-out: too long" });
  expect(wait).toBeLessThan(15_100);
  expect(wait).toBeGreaterThan(10_000);
  await desk.promoted(second?.notBefore ?? 0);
  await desk.claim(id, "r3");
  expect(
    await door.tasks.settle(epoch, [failureOf("r3", { outcome: "lost", exitCode: null })]),
  ).toMatchObject([{ state: "dead", attempts: 3, reason: "attempt 3 of 3 lost" }]);
  expect(await door.tasks.attempts(id)).toMatchObject([
    { run: "r1", attempt: 1, outcome: "failed", exitCode: 1 },
    { run: "r2", attempt: 2, outcome: "timed-out", exitCode: null, reason: "too long" },
    { run: "r3", attempt: 3, outcome: "lost", exitCode: null },
  ]);
  expect(await door.tasks.retry(epoch, id, LOCAL)).toMatchObject({
    state: "ready",
    maxAttempts: 4,
    endedAt: null,
    reason: "tried again by ada",
  });
  expect(await refusalOf(door.tasks.retry(epoch, id, LOCAL))).toBe(
    "conflict postgres.move-illegal",
  );
  await desk.claim(id, "r4");
  expect(await door.tasks.settle(epoch, [endOf("r4", { result: { ok: 1 } })])).toMatchObject([
    { state: "succeeded", attempts: 4, result: { ok: 1 } },
  ]);
  expect(await refusalOf(door.tasks.retry(epoch, id, LOCAL))).toBe(
    "conflict postgres.move-illegal",
  );
});

test.each(["failed", "timed-out", "lost"] as const)(
  "without retries a task ends as its attempt did: %s",
  async (outcome) => {
    await desk.started("r1", { maxAttempts: 1 });
    expect(await door.tasks.settle(epoch, [failureOf("r1", { outcome })])).toMatchObject([
      { state: outcome, attempts: 1 },
    ]);
  },
);

test("a task whose deadline passed gets a new chance by hand, without that deadline", async () => {
  const task = await desk.submit({ deadlineAt: (await door.clock()) - 1 });
  await desk.promoted();
  expect(await door.tasks.retry(epoch, task.id, LOCAL)).toMatchObject({
    state: "ready",
    deadlineAt: null,
  });
});

test("an attempt ends once: the first end stays, whoever tells another", async () => {
  const { id } = await desk.started("r1");
  const ends = [endOf("r1"), failureOf("r1"), failureOf("r1", { outcome: "lost" })];
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) => door.tasks.settle(epoch, [ends[at % 3] ?? endOf("r1")])),
  );
  expect(answers.flat()).toHaveLength(1);
  const [first] = answers.flat();
  await door.tasks.settle(epoch, ends);
  const { outcome } = (await door.tasks.attempts(id))[0] ?? {};
  const { ran: _ran, ...recorded } = await desk.get(id);
  expect(first).toEqual({ ...recorded, outcome });
  await expect(database.sql("update attempt set outcome = 'lost'")).rejects.toThrow(
    "its end is written once",
  );
});

test("a journal links the run to its attempt and ends it with exit code and result", async () => {
  const { id } = await desk.started("r1");
  await ingest(journal(1, begun("r1", id)));
  expect(await door.tasks.running()).toMatchObject([
    { run: "r1", handed: true, startedAt: 1_001_000 },
  ]);
  await ingest(journal(2, exited("r1", { result: { text: "a\0b" }, resultFault: "late" })));
  expect(await desk.get(id)).toMatchObject({
    state: "succeeded",
    exitCode: 0,
    result: { text: "a\0b" },
    reason: "its result was not kept: late",
    // By the runner's clock: what the task waited before, and what its records took, is no part of it.
    ran: { from: 1_001_000, until: 1_002_000 },
  });
  expect(await door.tasks.list(listOf({ project: "web" }))).toMatchObject([
    { id, ran: { from: 1_001_000, until: 1_002_000 } },
  ]);
  expect(await door.tasks.running()).toEqual([]);
  expect(await door.runs({ project: "web", agent: null, limit: 5 })).toMatchObject([
    { id: "r1", outcome: "succeeded" },
  ]);
});

test.each<[string, JournalBody, Partial<TaskRecord>]>([
  ["code 0", exited("r1"), { state: "succeeded", reason: null }],
  [
    "code 0 while its container was stopped",
    exited("r1", { cause: "shutdown" }),
    { state: "succeeded" },
  ],
  ["code 3", exited("r1", { code: 3 }), { state: "failed", exitCode: 3, reason: "exit code 3" }],
  [
    "a signal",
    exited("r1", { code: null, signal: "SIGSEGV" }),
    { state: "failed", signal: "SIGSEGV" },
  ],
  [
    "out of memory",
    exited("r1", { code: null, signal: "SIGKILL", oom: true }),
    { state: "failed", reason: "out of memory" },
  ],
  ["a cancellation", exited("r1", { code: 0, cause: "cancel" }), { state: "cancelled" }],
  [
    "its timeout",
    exited("r1", { code: null, signal: "SIGKILL", cause: "timeout" }),
    { state: "timed-out", reason: "ran longer than its timeout" },
  ],
  [
    "a stopped container",
    exited("r1", { code: null, signal: "SIGTERM", cause: "shutdown" }),
    { state: "lost", reason: "stopped with its container" },
  ],
  [
    "a stopped agent",
    exited("r1", { code: 143, cause: "stop" }),
    { state: "lost", reason: "stopped with its agent" },
  ],
  [
    "a start that failed",
    {
      kind: "start-failed",
      run: "r1",
      agent: "coder",
      replica: 0,
      reason: "no such file",
      generation: 1,
    },
    { state: "failed", reason: "no such file" },
  ],
  [
    "a lost runner",
    { kind: "lost", run: "r1", agent: "coder", replica: 0, reason: "container died" },
    { state: "lost", reason: "container died" },
  ],
])("%s ends the attempt as it should", async (_, body, want) => {
  const { id } = await desk.started("r1", { maxAttempts: 1 });
  await ingest(journal(1, begun("r1", id), body));
  expect(await desk.get(id)).toMatchObject(want);
});

test("a result nobody can keep does not hold the journal up", async () => {
  const { id } = await desk.started("r1");
  let deep: unknown = 1;
  for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];
  const note: JournalBody = {
    kind: "note",
    run: "r1",
    text: `half a \ud83d and a \0 ${"x".repeat(10_000)}`,
  };
  expect(await ingest(journal(1, begun("r1", id), note, exited("r1", { result: deep })))).toBe(3);
  expect(await desk.get(id)).toMatchObject({
    state: "succeeded",
    result: null,
    reason: expect.stringContaining("result was not kept"),
  });
  const [kept] = await door.events({
    after: null,
    project: "web",
    kinds: ["task.note"],
    limit: 5,
    newestFirst: false,
  });
  expect(kept).toMatchObject({
    fields: { run: "r1" },
    message: expect.stringContaining("half a \ufffd and a \ufffd x"),
  });
});

test("told by many at once and again, a journal settles each attempt once and each settled task is heard of once", async () => {
  const heard: string[] = [];
  door.tasks.onSettled((tasks) =>
    heard.push(...tasks.map(({ id, state, outcome }) => `${id} ${state} ${outcome}`)),
  );
  const tasks = await Promise.all([1, 2, 3].map((n) => desk.started(`r${n}`)));
  const events = journal(
    1,
    ...tasks.flatMap((task, at) => [
      begun(`r${at + 1}`, task.id),
      exited(`r${at + 1}`, { code: at === 1 ? 1 : 0 }),
    ]),
  );
  await Promise.all(Array.from({ length: 10 }, () => ingest(events)));
  await ingest(events.slice(2));
  expect(heard.toSorted()).toEqual(
    [
      `${tasks[0]?.id} succeeded succeeded`,
      `${tasks[1]?.id} pending failed`,
      `${tasks[2]?.id} succeeded succeeded`,
    ].toSorted(),
  );
  await desk.promoted();
  await desk.claim(tasks[1]?.id ?? "", "r2b");
  await ingest(events);
  expect(await desk.get(tasks[1]?.id ?? "")).toMatchObject({
    state: "running",
    run: "r2b",
    attempts: 2,
  });
});

test("a completed attempt is not run again: neither its lost runner nor a late end of an older attempt changes the task", async () => {
  const done = await desk.started("r1");
  await ingest(journal(1, begun("r1", done.id), exited("r1")));
  await door.loseRuns({ epoch, project: "web", reason: "gone", boot: null });
  await door.tasks.settle(epoch, [failureOf("r1", { outcome: "lost" })]);
  expect((await desk.get(done.id)).state).toBe("succeeded");
  const twice = await desk.started("r2");
  await door.tasks.settle(epoch, [failureOf("r2", { outcome: "lost" })]);
  await desk.promoted();
  await desk.claim(twice.id, "r2b");
  await ingest(journal(3, begun("r2", twice.id), exited("r2", { code: 1 })));
  expect(await desk.get(twice.id)).toMatchObject({ state: "running", run: "r2b" });
});

test("when a container dies its attempts are lost: started or only handed over, but not one that never reached it", async () => {
  const tasks = await Promise.all(["a", "b", "c"].map((run) => desk.started(run)));
  await ingest(journal(1, begun("a", tasks[0]?.id ?? "")));
  await door.tasks.handed(epoch, ["b"]);
  expect(
    await door.loseRuns({ epoch, project: "web", reason: "container died", boot: "boot-0" }),
  ).toBe(0);
  expect(await door.tasks.running()).toHaveLength(3);
  expect(await door.loseRuns({ epoch, project: "web", reason: "container died", boot: null })).toBe(
    1,
  );
  expect((await door.tasks.running()).map((slot) => slot.run)).toEqual(["c"]);
  expect(await desk.get(tasks[1]?.id ?? "")).toMatchObject({
    state: "pending",
    reason: "attempt 1 of 3 lost: container died",
  });
  expect((await desk.promoted()).ready).toHaveLength(2);
});

test("a listener that throws spoils nothing", async () => {
  const troubles: string[] = [];
  const other = database.open({ onTrouble: (operation) => troubles.push(operation) });
  other.tasks.onSettled(() => {
    throw new Error("deaf");
  });
  const { id } = await desk.started("r1");
  await other.tasks.settle(epoch, [endOf("r1")]);
  expect((await desk.get(id)).state).toBe("succeeded");
  expect(troubles).toEqual(["settled listener"]);
  await other.close();
});

test("a note says whose it is: of which task, or of which service", async () => {
  const { id } = await desk.started("r1");
  const note = (run: string, text: string): JournalBody => ({ kind: "note", run, text });
  await ingest(journal(1, begun("r1", id), note("r1", "half way")));
  // Its run began in an earlier stretch; the other one is a service's, and of the last nobody knows.
  const service = started("s1");
  await ingest(journal(3, note("r1", "done"), service, note("s1", "up"), note("s9", "lost")));
  const notes = await door.events({
    after: null,
    project: null,
    kinds: ["task.note"],
    limit: 5,
    newestFirst: false,
  });
  const ofTask = { run: "r1", agent: "coder", replica: 0, task: id };
  expect(notes).toMatchObject([
    { message: `task ${id} of coder: half way`, fields: { ...ofTask, text: "half way" } },
    { message: `task ${id} of coder: done`, fields: { ...ofTask, text: "done" } },
    {
      project: "web",
      message: "worker#0: up",
      fields: { run: "s1", agent: "worker", replica: 0, text: "up" },
    },
    { message: "lost", fields: { run: "s9", text: "lost" } },
  ]);
});

test("a journal ends attempts of its own project only", async () => {
  const { id } = await desk.started("r1");
  const told = await door.ingest({
    epoch,
    project: "api",
    generation: 1,
    events: journal(1, begun("r1", id), exited("r1")),
  });
  expect([told, (await desk.get(id)).state]).toEqual([2, "running"]);
  expect(await door.tasks.running()).toMatchObject([{ run: "r1", handed: false }]);
});
