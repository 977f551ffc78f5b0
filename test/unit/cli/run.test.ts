/** `berth run`: what is submitted, what is printed, which code it exits with, and what Ctrl-C does. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { TaskView } from "../../../src/model/task-view.ts";
import type { OutputLine } from "../../../src/runners/door.ts";
import { startServer, until } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import { aLine, aProject, fakeDaemon, lines, NOW } from "../../support/fake-daemon.ts";
import { aDoneTask, aTask } from "../../support/fake-tasks.ts";

/** A daemon whose task is as each look finds it, the last one for ever. */
function daemonWith(...looks: readonly Partial<TaskView>[]) {
  let at = 0;
  return fakeDaemon({
    task: async () => {
      const look = looks[Math.min(at, looks.length - 1)];
      at += 1;
      return aDoneTask("t-1", look);
    },
  });
}

test("everything typed reaches the daemon as one submission", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const words = ["run", "web", "coder", "--payload", '{"prompt":"fix"}', "--priority", "high"];
  const more = ["--deadline", "10m", "--tag", "a", "--tag", "b", "--complexity", "8"];
  const last = ["--after", "t-0", "--key", "nightly", "--detach"];
  const ran = await cli([...words, ...more, ...last], { address: server.address });
  expect(ran).toEqual({ code: 0, stdout: "t-1\n", stderr: "" });
  expect(daemon.asked).toEqual([
    [
      "submitTasks",
      {
        requests: [
          {
            project: "web",
            agent: "coder",
            payload: { prompt: "fix" },
            priority: 750,
            deadlineAt: NOW + 600_000,
            deadlineMs: 600_000,
            tags: ["a", "b"],
            complexity: 8,
            after: ["t-0"],
            idempotencyKey: "nightly",
          },
        ],
        by: { who: "local", claim: "ann", reason: null },
      },
    ],
  ]);
});

test("the payload comes from a file or from stdin too, and is empty without any", async () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-run-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "payload.json"), '[1, "zwölf"]');
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const world = { address: server.address, cwd: directory };
  await cli(["run", "web", "coder", "-d", "--payload-file", "payload.json"], world);
  await cli(["run", "web", "coder", "-d", "--payload-file", "-"], { ...world, stdin: "null" });
  await cli(["run", "web", "coder", "-d"], world);
  expect(daemon.asked).toMatchObject([
    ["submitTasks", { requests: [{ payload: [1, "zwölf"] }] }],
    ["submitTasks", { requests: [{ payload: null }] }],
    [
      "submitTasks",
      { requests: [{ payload: {}, idempotencyKey: expect.stringMatching(/^key-\d+$/) }] },
    ],
  ]);
});

test("the output of the task's run is streamed to the streams it was written to", async () => {
  const daemon = daemonWith({});
  daemon.output = (query) => {
    daemon.asked.push(["output", query]);
    return lines([aLine(NOW, "to stdout"), aLine(NOW + 1, "to stderr", { stream: "stderr" })]);
  };
  await using server = await startServer(daemon);
  const ran = await cli(["run", "web", "coder"], { address: server.address });
  expect(ran).toEqual({ code: 0, stdout: "to stdout\n", stderr: "to stderr\n" });
  const asked = daemon.asked.filter(([method]) => method === "output");
  expect(asked).toMatchObject([["output", { project: "web", run: "r-1", follow: true }]]);
});

test("with --json each line is a JSON line and the last one is the task", async () => {
  await using server = await startServer(daemonWith({}));
  const { stdout } = await cli(["run", "web", "coder", "--json"], { address: server.address });
  const rows = stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(rows).toMatchObject([
    { text: "hello", run: "r-1" },
    { text: "world" },
    { task: { id: "t-1", state: "succeeded", result: { fixed: 3 } } },
  ]);
});

test("it waits for the start, follows every attempt, and ends with the task", async () => {
  const running = { state: "running", endedAt: null, exitCode: null } as const;
  const daemon = daemonWith(
    { state: "ready", run: null, endedAt: null },
    { ...running, run: "r-1" },
    { state: "pending", run: "r-1", endedAt: null, exitCode: null },
    { ...running, run: "r-2", attempts: 2 },
    { run: "r-2", attempts: 2 },
  );
  daemon.output = ({ run }) => lines([aLine(NOW, `output of ${run}`)]);
  await using server = await startServer(daemon);
  const ran = await cli(["run", "web", "coder"], { address: server.address });
  expect(ran).toMatchObject({ code: 0, stdout: "output of r-1\noutput of r-2\n" });
});

const HELD = {
  subject: "t-1",
  kind: "task",
  state: "ready",
  constraint: "project: paused since 2027-01-15T08:00:00Z, asked by ann",
  wouldStart: "`berth resume web` has to be called",
  estimateMs: null,
  errorMs: null,
  decisions: [],
} as const;

/** Output of a run that says nothing until its reader leaves. */
async function* silent(signal: AbortSignal): AsyncGenerator<OutputLine> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  yield* [];
}

test("of a project that was put aside it is said at once, and the task is followed all the same", async () => {
  const daemon = daemonWith({ state: "ready", run: null, startedAt: null, endedAt: null }, {});
  daemon.world = [aProject("web", { wanted: "frozen", phase: "paused" })];
  daemon.explain = async () => HELD;
  await using server = await startServer(daemon);
  const ran = await cli(["run", "web", "coder"], { address: server.address });
  expect(ran).toMatchObject({
    code: 0,
    stderr:
      "task t-1 waits: project: paused since 2027-01-15T08:00:00Z, asked by ann; `berth resume web` has to be called\n",
  });
});

test("a task that runs in a project that was put aside stands still, and that is said too", async () => {
  const daemon = daemonWith({ state: "running", endedAt: null, exitCode: null });
  daemon.world = [aProject("web", { wanted: "frozen", phase: "paused" })];
  daemon.explain = async () => ({ ...HELD, state: "running" });
  daemon.output = (_query, signal) => silent(signal);
  await using server = await startServer(daemon);
  const ran = startCli(["run", "web", "coder"], { address: server.address });
  await until(() => ran.stderr().includes("task t-1 stands still: project: paused since"));
  ran.interrupt();
  expect((await ran.done).code).toBe(130);
});

test("a completed project refuses the task with the verb that brings it back", async () => {
  const refusal = {
    ok: false,
    kind: "conflict",
    code: "task.project-completed",
    detail: "web is completed and takes no tasks",
    hint: "`berth start web` runs it again",
  } as const;
  await using server = await startServer(fakeDaemon({ submitTasks: async () => [refusal] }));
  expect(await cli(["run", "web", "coder"], { address: server.address })).toEqual({
    code: 75,
    stdout: "",
    stderr: `error: ${refusal.detail}\nhint: ${refusal.hint}\n`,
  });
});

test("the exit code tells how the task ended", async () => {
  const ends = [
    [{ state: "succeeded" }, 0],
    [{ state: "failed", exitCode: 7 }, 7],
    [{ state: "dead", exitCode: 3, attempts: 3 }, 3],
    [{ state: "failed", exitCode: null, signal: "SIGKILL" }, 137],
    [{ state: "failed", exitCode: 0, reason: "its result is no JSON" }, 1],
    [{ state: "timed-out", exitCode: null, signal: "SIGKILL" }, 75],
    [{ state: "cancelled", exitCode: null }, 130],
    [{ state: "lost", exitCode: null }, 1],
  ] as const;
  for (const [end, code] of ends) {
    await using server = await startServer(daemonWith(end));
    const ran = await cli(["run", "web", "coder"], { address: server.address });
    expect([end, ran.code]).toEqual([end, code]);
    expect(ran.stderr).toContain(code === 0 ? "" : `task t-1 ${end.state}`);
  }
});

test.each([
  ["timed-out", 75],
  ["lost", 1],
  ["failed", 143],
] as const)("a dead task whose last try is %s exits with %d", async (outcome, code) => {
  const daemon = daemonWith({ state: "dead", exitCode: null, signal: "SIGTERM", attempts: 2 });
  const [attempt] = (await fakeDaemon().attempts("t-1")).slice(-1);
  daemon.attempts = async () => (attempt === undefined ? [] : [{ ...attempt, outcome }]);
  await using server = await startServer(daemon);
  expect((await cli(["run", "web", "coder"], { address: server.address })).code).toBe(code);
});

test("a stream that breaks goes on without a line twice, and a daemon that is away is waited for", async () => {
  let asked = 0;
  let over = false;
  const daemon = fakeDaemon({
    task: async () => {
      if (asked === 1)
        throw new BerthError("transient", { code: "postgres.unreachable", detail: "gone" });
      return aDoneTask("t-1", over ? {} : { state: "running", endedAt: null });
    },
    async *output() {
      asked += 1;
      yield aLine(NOW, "one");
      if (asked === 1)
        throw new BerthError("transient", { code: "runners.timeout", detail: "broken" });
      yield aLine(NOW + 1, "two");
      over = true;
    },
  });
  await using server = await startServer(daemon);
  const ran = await cli(["run", "web", "coder"], { address: server.address });
  expect(ran).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
});

test("a task that is refused is queued nowhere and says why", async () => {
  await using server = await startServer(fakeDaemon());
  const at = { address: server.address };
  expect(await cli(["run", "web", "beat"], at)).toMatchObject({
    code: 64,
    stdout: "",
    stderr: expect.stringContaining(
      "web/beat is a service, which takes no tasks; its workers: coder",
    ),
  });
  const large = JSON.stringify("x".repeat(262_143));
  const ran = await cli(["run", "web", "coder", "--payload-file", "-"], { ...at, stdin: large });
  expect(ran).toMatchObject({ code: 64, stderr: expect.stringContaining("262145 bytes of JSON") });
});

/** A task that never starts, and how often it was looked at. */
function waitingDaemon() {
  let looked = 0;
  const daemon = fakeDaemon({
    task: async () => {
      looked += 1;
      return aTask("t-1");
    },
  });
  return { daemon, looks: () => looked };
}

test("one Ctrl-C leaves the task running and says its id", async () => {
  const { daemon, looks } = waitingDaemon();
  await using server = await startServer(daemon);
  const running = startCli(["run", "web", "coder"], { address: server.address });
  await until(() => looks() > 0);
  running.interrupt();
  expect(await running.done).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("task t-1 goes on without you"),
  });
  expect(daemon.asked.map(([method]) => method)).not.toContain("cancelTask");
  expect(running.exits).toEqual([]);
});

test("a second Ctrl-C at a terminal cancels it", async () => {
  const { daemon, looks } = waitingDaemon();
  await using server = await startServer(daemon);
  const running = startCli(["run", "web", "coder"], { address: server.address, tty: true });
  await until(() => looks() > 0);
  running.interrupt();
  await expect.poll(running.stderr).toContain("Ctrl-C again cancels it");
  running.interrupt();
  expect(await running.done).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("task t-1 is cancelled"),
  });
  expect(daemon.asked.at(-1)).toMatchObject(["cancelTask", { id: "t-1" }]);
  expect(running.exits).toEqual([]);
});
