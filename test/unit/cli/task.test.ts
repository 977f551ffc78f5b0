/** Verbs that look at tasks and steer them: task, queue, explain, why, top, simulate, and the columns of ps. */
import { expect, test } from "vitest";
import { startServer } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import { aProject, fakeDaemon, NOW } from "../../support/fake-daemon.ts";
import { aDoneTask, aSummary, aTask, QUEUE } from "../../support/fake-tasks.ts";

test("task list is a table with state, attempts and what went wrong, filtered as asked", async () => {
  const daemon = fakeDaemon({
    tasks: async (query) => {
      daemon.asked.push(["tasks", query]);
      return [
        aSummary("t-3", {
          state: "running",
          attempts: 1,
          startedAt: NOW - 30_000,
          ran: { from: NOW - 3_200, until: null },
          progress: { fraction: 0.4, text: "reading" },
        }),
        aSummary("t-2", {
          state: "dead",
          attempts: 3,
          startedAt: NOW - 50_000,
          endedAt: NOW - 20_000,
          ran: { from: NOW - 49_000, until: NOW - 45_800 },
          exitCode: 1,
          reason: "exited with 1 three times",
        }),
        aSummary("t-1"),
      ];
    },
  });
  await using server = await startServer(daemon);
  const words = [
    "task",
    "list",
    "web/coder",
    "--state",
    "dead",
    "--state",
    "running",
    "--tag",
    "x",
  ];
  const { code, stdout } = await cli([...words, "-n", "20"], { address: server.address });
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "TASK  AGENT      STATE        ATTEMPT  EXIT  AGE   RAN  REASON
    t-3   web/coder  running 40%      1/3     -  60s  3.2s
    t-2   web/coder  dead             3/3     1  60s  3.2s  exited with 1 three times
    t-1   web/coder  ready            0/3     -  60s     -
    "
  `);
  const of = { project: "web", agent: "coder", states: ["dead", "running"], tag: "x" };
  expect(daemon.asked).toEqual([["tasks", { ...of, after: null, limit: 21 }]]);
});

test("task list goes on from page to page until it has as many as asked for", async () => {
  const all = Array.from({ length: 1_200 }, (_, at) => aSummary(`t-${at}`));
  const limits: number[] = [];
  const daemon = fakeDaemon({
    tasks: async ({ after, limit }) => {
      limits.push(limit);
      const from = after === null ? 0 : all.findIndex((task) => task.id === after) + 1;
      return all.slice(from, from + limit);
    },
  });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const { stdout } = await cli(["task", "list", "-n", "1100", "-o", "name"], at);
  expect(stdout.trim().split("\n")).toEqual(all.slice(0, 1_100).map((task) => task.id));
  expect(limits).toEqual([501, 501, 101]);
});

test("task show tells everything of one task", async () => {
  const progress = { fraction: 0.5, text: "half way" };
  const daemon = fakeDaemon({
    task: async (id) =>
      aDoneTask(id, { tags: ["a", "b"], reason: "again", after: ["t-0"], progress }),
  });
  await using server = await startServer(daemon);
  const at = { address: server.address, env: { TZ: "UTC" } };
  const { stdout } = await cli(["task", "show", "t-1"], at);
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")).toMatchInlineSnapshot(`
    "Task:      t-1
    Agent:     web/coder
    State:     succeeded
    Attempt:   1 of 3
    Priority:  500, complexity 5
    Submitted: TIME, 60s ago
    Reason:    again
    Progress:  50% half way
    After:     t-0
    Tags:      a, b
    Run:       r-1
    Waited:    8s for a slot, 2s for its process
    Started:   TIME, ran 3.2s
    Exit:      0
    Result:    {"fixed":3}
    Payload:   {"prompt":"hi"}
    "
  `);
  const json = await cli(["task", "show", "t-1", "--json"], at);
  expect(JSON.parse(json.stdout)).toMatchObject({
    payload: { prompt: "hi" },
    result: { fixed: 3 },
  });
});

test("cancel, retry and priority steer tasks by id", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect(await cli(["task", "cancel", "t-1", "t-2"], at)).toEqual({
    code: 0,
    stdout: "",
    stderr: "task t-1 cancelled\ntask t-2 cancelled\n",
  });
  expect((await cli(["task", "retry", "t-3"], at)).stderr).toBe(
    "task t-3 succeeded, attempt 2 of 3\n",
  );
  expect((await cli(["task", "priority", "t-4", "high"], at)).stderr).toBe(
    "task t-4 has priority 750\n",
  );
  expect(daemon.asked).toMatchObject([
    ["cancelTask", { id: "t-1", by: { claim: "ann" } }],
    ["cancelTask", { id: "t-2" }],
    ["retryTask", { id: "t-3" }],
    ["prioritiseTask", { id: "t-4", priority: 750 }],
  ]);
  expect(await cli(["task", "cancel", "nope"], at)).toMatchObject({
    code: 64,
    stderr: "error: there is no task nope\n",
  });
});

test("task logs prints the latest attempt, and with -f exits as the task does", async () => {
  const daemon = fakeDaemon({
    task: async (id) => aDoneTask(id, { state: "failed", exitCode: 4 }),
  });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect(await cli(["task", "logs", "t-1"], at)).toMatchObject({
    code: 0,
    stdout: "hello\nworld\n",
  });
  expect(await cli(["task", "logs", "t-1", "-f"], at)).toMatchObject({
    code: 4,
    stdout: "hello\nworld\n",
  });
  expect(daemon.asked.map(([, query]) => query)).toMatchObject([
    { run: "r-1", follow: false },
    { run: "r-1", follow: true },
  ]);
});

test("queue shows the line, what binds and when each starts; the pool's state goes to stderr", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { stdout, stderr } = await cli(["queue", "web", "-n", "5"], { address: server.address });
  expect(stdout).toMatchInlineSnapshot(`
    "#  TASK  AGENT      PRIORITY  WAITS  STARTS IN  FOR
    1  t-2   web/coder       500     1m   12s ± 4s  pool: 2 of 2 slots taken
    2  t-3   web/coder       100     5s          ?  pool: 2 of 2 slots taken
    "
  `);
  expect(stderr).toBe("2 of 2 slots taken, 3 tasks wait (weighted-round-robin)\n");
  expect(daemon.asked).toEqual([["queue", { project: "web", limit: 5 }]]);
});

test("explain says what binds, what would start it, and the decisions with their numbers", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { stdout } = await cli(["explain", "web/coder"], { address: server.address });
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")).toMatchInlineSnapshot(`
    "Agent:       web/coder
    State:       active
    Waits for:   pool: 2 of 2 slots taken
    Starts when: a slot becomes free
    Probably in: 12s ± 4s

    Last decisions:
      TIME web/coder got a slot by weighted-round-robin (weight 3, performance 1.2)
    "
  `);
  expect(daemon.asked).toEqual([["explain", "web/coder"]]);
  // a path that no route has is no answer
  const wrong = await cli(["explain", "a/b/c"], { address: server.address });
  expect([wrong.code, wrong.stderr]).toEqual([
    64,
    expect.stringMatching(/"a\/b\/c" is neither PROJECT nor/),
  ]);
});

test("why tells exit, signal, memory, last output, notes and decisions", async () => {
  await using server = await startServer(fakeDaemon());
  const { stdout } = await cli(["why", "t-1"], { address: server.address });
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")).toMatchInlineSnapshot(`
    "killed by the kernel: out of memory
    Task:    t-1
    Run:     r-1
    Agent:   web/coder
    Outcome: failed
    Started: TIME, 3.2s
    Exit:    SIGKILL, out of memory (1 OOM kill in its container meanwhile)
    Memory:  ▂█ at most 128MiB of 128MiB

    Notes:
      TIME reading

    Last output:
      allocating

    Decisions:
      TIME web/coder got a slot by weighted-round-robin (weight 3, performance 1.2)
    "
  `);
});

test("top shows the machine once, and on a terminal again and again until Ctrl-C", async () => {
  let looks = 0;
  const daemon = fakeDaemon({
    queue: async () => {
      looks += 1;
      return QUEUE;
    },
  });
  await using server = await startServer(daemon);
  const once = await cli(["top"], { address: server.address });
  expect(once.stdout).toMatchInlineSnapshot(`
    "2 of 2 slots taken, 3 tasks wait (weighted-round-robin)
    memory 128MiB used, 477MiB promised of 2.8GiB; CPUs 2; projects 1

    PROJECT  HEALTH     CPU      MEM/LIMIT  PIDS  AGENTS  TASKS  WAITING  HEARD
    web      healthy  12.5%  128MiB/512MiB     9     1/1      2        3  500ms ago

    WORKER     RUNNING  TARGET  MIN..MAX  WAITING  BREAKER
    web/coder        2       2      0..3        3  closed

    #  TASK  AGENT      PRIORITY  WAITS  STARTS IN  FOR
    1  t-2   web/coder       500     1m   12s ± 4s  pool: 2 of 2 slots taken
    2  t-3   web/coder       100     5s          ?  pool: 2 of 2 slots taken
    "
  `);
  const live = startCli(["top"], { address: server.address, tty: true });
  await expect.poll(live.stdout).toContain("web/coder");
  live.interrupt();
  expect(await live.done).toMatchObject({ code: 130 });
  expect(live.stdout().startsWith("\u001B[?1049h")).toBe(true);
  expect(live.stdout().endsWith("\u001B[?1049l")).toBe(true);
  // Lines are cut by the terminal meanwhile, or they would push the first ones out of a narrow one.
  expect(live.stdout().split(/\[\?7[lh]/)).toHaveLength(3);
  expect(looks).toBeGreaterThanOrEqual(2);
});

test("ps counts tasks in wide, and only there", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const wide = (await cli(["ps", "-o", "wide"], at)).stdout.split("\n");
  expect(wide[0]).toMatch(/AGENTS +TASKS +QUEUED +CPU/);
  expect(wide[1]).toMatch(/1\/1 +2 +3 /);
  expect(wide[2]).toMatch(/1\/1 +0 +0 /);
  expect((await cli(["ps"], at)).stdout).not.toContain("QUEUED");
});

test("simulate runs the allocator on a trace without a daemon", async () => {
  const trace = [
    { at: 0, project: "web", agent: "coder", durationMs: 1000, weight: 3 },
    { at: 0, project: "api", agent: "coder", durationMs: 1000 },
  ];
  const stdin = trace.map((line) => JSON.stringify(line)).join("\n");
  const words = ["simulate", "--trace", "-", "--strategy", "priority", "--slots", "1"];
  const nowhere = { address: "unix:/nowhere.sock", stdin };
  const { code, stdout } = await cli(words, nowhere);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^PROJECT +WEIGHT +TASKS/);
  expect(stdout).toMatch(/priority on 1 slots, 2 tasks in 2\.0s/);
  const json = await cli([...words, "--json"], nowhere);
  expect(JSON.parse(json.stdout)).toMatchObject({ strategy: "priority", slots: 1, utilisation: 1 });
  const bad = await cli(["simulate", "--trace", "-"], { ...nowhere, stdin: "{" });
  expect(bad.stderr).toContain("error: stdin:1 is not JSON");
  const empty = await cli(["simulate", "--trace", "-"], { ...nowhere, stdin: "# none\n" });
  expect([empty.code, empty.stderr]).toEqual([65, expect.stringContaining("stdin holds no tasks")]);
  const help = (await cli(["simulate", "--help"])).stdout.replaceAll(/\s+/g, " ");
  expect(help).toContain("A line needs at, project, durationMs; it may have");
  expect(help).toContain("agent (worker)");
  expect(bad).toMatchObject({ code: 65, stderr: expect.stringContaining("stdin:1") });
});

test("a task that waits is named with what it waits for", async () => {
  const daemon = fakeDaemon({ task: async (id) => aTask(id, { reason: "waits for t-0" }) });
  await using server = await startServer(daemon);
  const { stdout } = await cli(["task", "show", "t-1"], { address: server.address });
  expect(stdout).toContain("Reason:");
  expect(stdout).toContain("waits for t-0");
});

test("queue and task list of a project nobody knows say so, and of one without tasks that there are none", async () => {
  const daemon = fakeDaemon({ tasks: async () => [] });
  daemon.queue = async () => ({ ...(await fakeDaemon().queue(null, 1)), items: [] });
  await using server = await startServer(daemon);
  for (const verb of [["queue"], ["task", "list"]]) {
    expect((await cli([...verb, "web"], { address: server.address })).code).toBe(0);
    const unknown = await cli([...verb, "nope"], { address: server.address });
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("nope")]);
  }
});

test("ps tells how far the task is that has run longest, and of how many more", async () => {
  const said = { agent: "coder", fraction: 0.4, text: "reading" };
  const daemon = fakeDaemon();
  daemon.world = [
    aProject("web", {
      progress: [
        { ...said, task: "41" },
        { ...said, task: "42" },
      ],
    }),
  ];
  await using server = await startServer(daemon);
  const { stdout } = await cli(["ps"], { address: server.address });
  expect(stdout).toContain("41 coder 40% reading (and 1 more)");
});

test("start of a worker waits for no process: it has one only while a task runs", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web", { agents: [] })];
  await using server = await startServer(daemon);
  const ran = await cli(["start", "web/coder", "--timeout", "1s"], { address: server.address });
  expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("web/coder started")]);
});
