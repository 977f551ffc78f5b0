/** Words about tasks that are easily wrong: what goes on, what is over, what is not there, and what of many could not be done. */
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { fakeDaemon, NOW } from "../../support/fake-daemon.ts";
import { aDoneTask, aSummary, aTask } from "../../support/fake-tasks.ts";

test("a task that waits to be tried again shows until when, and how long its last attempt ran", async () => {
  const waiting = {
    state: "pending",
    run: "r-1",
    readyAt: null,
    startedAt: NOW - 90_000,
    ran: { from: NOW - 89_000, until: NOW - 85_000 },
    notBefore: NOW + 30_000,
    attempts: 1,
    reason: "attempt 1 of 3 failed: exit code 7",
  } as const;
  const daemon = fakeDaemon({
    task: async (id) => aTask(id, waiting),
    tasks: async () => [aSummary("t-1", waiting)],
  });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const shown = (await cli(["task", "show", "t-1"], at)).stdout;
  expect(shown).toMatch(/^Not before: \d{4}-/m);
  expect(shown).toMatch(/^Started: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, ran 4s$/m);
  expect(shown).not.toContain("Waited");
  expect((await cli(["task", "list"], at)).stdout).toMatch(
    /^t-1 +web\/coder +pending +1\/3 +- +60s +4s +attempt 1/m,
  );
});

test.each<[string, Parameters<typeof aTask>[1], string | null]>([
  ["for its first slot", { readyAt: NOW - 5_000 }, "5s for a slot"],
  [
    "for its process, whose project is being woken",
    { state: "running", readyAt: NOW - 5_000, startedAt: NOW - 4_000, run: "r-1" },
    "1s for a slot, 4s for its process",
  ],
  [
    "again, after an attempt",
    {
      readyAt: NOW - 5_000,
      startedAt: NOW - 20_000,
      ran: { from: NOW - 19_000, until: NOW - 9_000 },
    },
    "5s for a slot",
  ],
  [
    "no longer: cancelled",
    { state: "cancelled", readyAt: NOW - 5_000, endedAt: NOW - 2_000 },
    "3s for a slot",
  ],
  [
    "no longer: lost before its process began",
    { state: "lost", readyAt: NOW - 5_000, startedAt: NOW - 4_000, endedAt: NOW - 1_000 },
    "1s for a slot, 3s for its process",
  ],
  ["for another task", { state: "pending", readyAt: null }, null],
])("what a task waited is told apart from what it ran: it waits %s", async (_how, task, said) => {
  const daemon = fakeDaemon({ task: async (id) => aTask(id, task) });
  await using server = await startServer(daemon);
  const { stdout } = await cli(["task", "show", "t-1"], { address: server.address });
  expect(/^Waited: +(.*)$/m.exec(stdout)?.[1] ?? null).toBe(said);
});

test("an agent that nobody declares is a mistake, not an empty list", async () => {
  const unknown = new BerthError("usage", {
    code: "loop.agent-missing",
    detail: "web has no agent nope",
  });
  const daemon = fakeDaemon({
    tasks: async () => [],
    explain: async () => {
      throw unknown;
    },
  });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect(await cli(["task", "list", "web/nope"], at)).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("no agent nope"),
  });
  expect(await cli(["task", "list", "web"], at)).toMatchObject({ code: 0 });
});

test("decisions tell durations with their unit, and what is of the whole project as such", async () => {
  const decision = { at: NOW, project: "web", task: null } as const;
  const daemon = fakeDaemon({
    explain: async (subject) => ({
      subject,
      kind: "project",
      state: "active",
      constraint: null,
      wouldStart: null,
      estimateMs: null,
      errorMs: null,
      decisions: [
        { ...decision, agent: "coder", text: "tried again", why: { waitMs: 23_927, share: 1 } },
        { ...decision, agent: "", text: "container frozen: idle", why: {} },
      ],
    }),
  });
  await using server = await startServer(daemon);
  const { stdout } = await cli(["explain", "web"], { address: server.address });
  expect(stdout).toContain(" web/coder tried again (wait 23.9s, share 1)\n");
  expect(stdout).toContain(" web container frozen: idle\n");
});

test("a task that ended while it waited shows how long its last attempt took, not how long it waited after it", async () => {
  const ran = { from: NOW - 50_000, until: NOW - 49_998 };
  const daemon = fakeDaemon({
    task: async (id) => aDoneTask(id, { state: "timed-out", exitCode: 7, ran }),
  });
  await using server = await startServer(daemon);
  const { stdout } = await cli(["task", "show", "t-1"], { address: server.address });
  expect(stdout).toMatch(/^Started: .*, ran 2ms$/m);
});

test("one task that cannot be cancelled spares the others, and each that cannot is told", async () => {
  const cancelled: string[] = [];
  const daemon = fakeDaemon({
    cancelTask: async (id) => {
      if (id === "t-2") return aTask(id, { state: cancelled.push(id) > 0 ? "cancelled" : "ready" });
      throw new BerthError("conflict", {
        code: "postgres.move-illegal",
        detail: `task ${id} is succeeded and cannot be cancelled`,
      });
    },
  });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const one = await cli(["task", "cancel", "t-1", "t-2"], at);
  expect([cancelled, one.code]).toEqual([["t-2"], 75]);
  expect(one.stderr).toBe(
    "task t-2 cancelled\nerror: task t-1 is succeeded and cannot be cancelled\n",
  );
  const two = await cli(["task", "cancel", "t-1", "t-2", "t-3"], at);
  expect(two.code).toBe(75);
  expect(two.stderr).toContain("error: task t-1 is succeeded");
  expect(two.stderr).toContain("error: task t-3 is succeeded");
});
