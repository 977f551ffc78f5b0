/** Runners' journals: every run and every end is recorded exactly once, whatever is told twice or late. */
import { expect, test } from "vitest";
import type { JournalBody, JournalEvent } from "../../../src/model/run.ts";
import { projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { exited, journal, refusalOf, started } from "./requests.ts";

leadOwnDatabase();
startWith("generation, project, subnet, run, event", projectSpec("web"), projectSpec("api"));

const ingest = (events: readonly JournalEvent[], project = "web"): Promise<number> =>
  door.ingest({ epoch, project, generation: 1, events });
const runs = () => door.runs({ project: "web", agent: null, limit: 100 });
const kinds = async (): Promise<readonly string[]> =>
  (
    await door.events({ after: null, project: "web", kinds: [], limit: 5_000, newestFirst: false })
  ).map((event) => event.kind);

test("a run is there while it runs and has its true end afterwards", async () => {
  expect(await ingest(journal(1, started("r1")))).toBe(1);
  expect(await runs()).toEqual([
    {
      id: "r1",
      project: "web",
      agent: "worker",
      replica: 0,
      bootId: "boot-1",
      epoch,
      generation: 1,
      startedAt: 1_001_000,
      endedAt: null,
      outcome: null,
      exitCode: null,
      signal: null,
      oom: false,
      reason: null,
    },
  ]);
  expect(await ingest(journal(2, exited("r1", { code: 3 })))).toBe(2);
  expect(await runs()).toMatchObject([
    { endedAt: 1_002_000, outcome: "failed", exitCode: 3, signal: null, startedAt: 1_001_000 },
  ]);
  expect(await kinds()).toEqual(["agent.started", "agent.exited"]);
});

test("what the daemon tells of a run is recorded before its end, all else it tells before everything, and none twice", async () => {
  const told = (kind: string, fields: Readonly<Record<string, string>>) => ({
    project: "web",
    kind,
    cause: "daemon",
    message: kind,
    fields,
    at: 1_000,
  });
  const events = journal(1, started("r1"), exited("r1"), started("r2"), exited("r2"));
  const request = { epoch, project: "web", generation: 1, events };
  const said = [told("worker.progress", { run: "r2" }), told("queue.submitted", {})];
  await door.ingest({ ...request, told: said });
  expect(await kinds()).toEqual([
    "queue.submitted",
    "agent.started",
    "agent.exited",
    "agent.started",
    "worker.progress",
    "agent.exited",
  ]);
  // nothing of the journal is new: what is told with it is written all the same
  await door.ingest({ ...request, told: [told("queue.submitted", {})] });
  expect((await kinds()).at(-1)).toBe("queue.submitted");
  expect(await kinds()).toHaveLength(7);
});

test.each<[string, JournalBody, string]>([
  ["code 0", exited("r"), "succeeded"],
  ["code 1", exited("r", { code: 1 }), "failed"],
  ["a signal of its own", exited("r", { code: null, signal: "SIGSEGV" }), "failed"],
  ["a stop", exited("r", { code: null, signal: "SIGTERM", cause: "stop" }), "stopped"],
  ["a shutdown", exited("r", { cause: "shutdown" }), "stopped"],
  ["a new configuration", exited("r", { cause: "config" }), "stopped"],
  ["a restart", exited("r", { cause: "restart" }), "stopped"],
  ["bad health", exited("r", { code: null, signal: "SIGKILL", cause: "unhealthy" }), "killed"],
  ["out of memory", exited("r", { code: null, signal: "SIGKILL", oom: true }), "killed"],
  [
    "a start that failed",
    {
      kind: "start-failed",
      run: "r",
      agent: "worker",
      replica: 0,
      reason: "no such file",
      generation: 1,
    },
    "failed",
  ],
  [
    "a container that died under it",
    { kind: "lost", run: "r", agent: "worker", replica: 0, reason: "container died" },
    "lost",
  ],
])("%s ends a run as it should", async (_, body, outcome) => {
  await ingest(journal(1, started("r"), body));
  expect((await runs()).map((run) => run.outcome)).toEqual([outcome]);
});

test("the same events told again, in part or in whole, change nothing", async () => {
  const events = journal(1, started("r1"), exited("r1"), started("r2"));
  await ingest(events);
  const before = [await runs(), await kinds()];
  expect(await ingest(events)).toBe(3);
  expect(await ingest(events.slice(1))).toBe(3);
  expect(await ingest([])).toBe(3);
  expect([await runs(), await kinds()]).toEqual(before);
  expect(await ingest([...events, ...journal(4, exited("r2"))])).toBe(4);
  expect(await kinds()).toEqual(["agent.started", "agent.exited", "agent.started", "agent.exited"]);
});

test("told by many at once, each event counts once", async () => {
  const events = journal(1, started("r1"), exited("r1"), started("r2"), exited("r2"));
  const answers = await Promise.all(Array.from({ length: 10 }, () => ingest(events)));
  expect(new Set(answers)).toEqual(new Set([4]));
  expect(await runs()).toHaveLength(2);
  expect(await kinds()).toHaveLength(4);
});

test("an end whose start was never told makes the run", async () => {
  await ingest(journal(5, exited("r9", { durationMs: 2_000 })));
  expect(await runs()).toMatchObject([
    { id: "r9", outcome: "succeeded", endedAt: 1_005_000, startedAt: 1_003_000 },
  ]);
});

test("a loss whose start was never told makes the run, of the boot it was begun in", async () => {
  const who = { run: "r9", agent: "worker", replica: 0, reason: "container died" };
  await ingest(journal(5, { kind: "lost", ...who, begun: { boot: "before", at: 1_001_000 } }));
  expect(await runs()).toMatchObject([
    { id: "r9", outcome: "lost", bootId: "before", startedAt: 1_001_000, endedAt: 1_005_000 },
  ]);
});

test("a start is recorded as of when it began, and none as later than it was told", async () => {
  const early = { ...started("r1"), startedAt: 1_000_000 } as JournalBody;
  const late = { ...started("r2"), startedAt: 9_000_000 } as JournalBody;
  await ingest(journal(5, early, late));
  expect((await runs()).map(({ startedAt }) => startedAt).toSorted((a, b) => a - b)).toEqual([
    1_000_000, 1_006_000,
  ]);
});

test("a run has one end: the first told stays", async () => {
  await ingest(journal(1, started("r1"), exited("r1", { code: 1 }), exited("r1", { code: 0 })));
  await ingest(
    journal(4, { kind: "lost", run: "r1", agent: "worker", replica: 0, reason: "late" }),
  );
  expect(await runs()).toMatchObject([{ outcome: "failed", exitCode: 1 }]);
  await expect(database.sql("update run set outcome = 'succeeded'")).rejects.toThrow(
    "its end is written once",
  );
  await expect(database.sql("update run set outcome = null, ended_at = null")).rejects.toThrow(
    "its end is written once",
  );
});

test("a gap in the journal is recorded as one", async () => {
  await ingest(journal(1, started("r1")));
  await ingest(journal(5, exited("r1")));
  const [gap] = await door.events({
    after: null,
    project: "web",
    kinds: ["journal.gap"],
    limit: 5,
    newestFirst: false,
  });
  expect(gap?.fields).toEqual({ missing: 3 });
});

test("people read what happened: out of memory, crash loops, dropped output, workspaces", async () => {
  await ingest(
    journal(
      1,
      { kind: "boot", epoch, configHash: null },
      { kind: "workspace", ready: false, detail: "no such ref" },
      started("r1"),
      { kind: "ready", run: "r1", agent: "worker", replica: 0 },
      { kind: "unhealthy", run: "r1", agent: "worker", replica: 0, reason: "exit 1" },
      exited("r1", { oom: true, code: null, signal: "SIGKILL" }),
      { kind: "oom", count: 2 },
      { kind: "dropped", run: "r1", bytes: 512 },
      { kind: "crash-loop", agent: "worker", replica: 0, failures: 5 },
    ),
  );
  expect(await kinds()).toEqual([
    "runner.booted",
    "workspace.failed",
    "agent.started",
    "agent.ready",
    "agent.unhealthy",
    "agent.oom",
    "agent.exited",
    "project.oom",
    "output.dropped",
    "agent.crash-loop",
  ]);
});

test("a backlog of thousands goes in, in stretches", async () => {
  const bodies = Array.from({ length: 1_500 }, (_, n) => [
    started(`r${n}`),
    exited(`r${n}`),
  ]).flat();
  expect(await ingest(journal(1, ...bodies))).toBe(3_000);
  expect(
    await database.sql("select count(*)::int as n from run where outcome = 'succeeded'"),
  ).toEqual([{ n: 1_500 }]);
});

test("runs that nobody can tell the end of are lost, but not those of the boot that lives", async () => {
  await ingest([
    ...journal(1, started("old")),
    { ...started("new"), seq: 2, at: 5, boot: "boot-2" },
  ]);
  await ingest(journal(1, started("elsewhere")), "api");
  expect(await door.bootsWithOpenRuns()).toEqual([
    { project: "api", boot: "boot-1" },
    { project: "web", boot: "boot-1" },
    { project: "web", boot: "boot-2" },
  ]);
  expect(
    await door.loseRuns({ epoch, project: "web", reason: "container gone", boot: "boot-1" }),
  ).toBe(1);
  expect(await door.loseRuns({ epoch, project: "web", reason: "again", boot: "boot-1" })).toBe(0);
  expect(await runs()).toMatchObject([
    { id: "old", outcome: "lost", reason: "container gone" },
    { id: "new", outcome: null },
  ]);
  expect(await kinds()).toContain("run.lost");
});

test("an unknown project's journal is refused", async () => {
  expect(await refusalOf(ingest(journal(1, started("r1")), "ghost"))).toBe(
    "usage postgres.project-unknown",
  );
});
