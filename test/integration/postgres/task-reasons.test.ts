/** Why tasks went as they did: what gave slots, what ends led to, breakers, memory curves, and who submitted. */
import { expect, test } from "vitest";
import type { Breaker } from "../../../src/model/breaker.ts";
import type { JournalBody } from "../../../src/model/run.ts";
import { declarationOf, projectSpec } from "../../support/declarations.ts";
import { desk, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { acceptOf, exited, journal, moveOf, started, wantOf } from "./requests.ts";
import { failureOf } from "./task-requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, run, event, task, attempt, task_need, breaker, rest, audit",
  projectSpec("web"),
  projectSpec("api"),
);

test("a slot's reason and what the attempt's end led to are kept, for the task and for its agent", async () => {
  const { id } = await desk.submit({ backoffMs: 4_000, maxAttempts: 2 });
  const claim = { task: id, run: "r1", leaseMs: 30_000, by: "priority", why: { credit: 3 } };
  await door.tasks.claim(epoch, 10, [claim]);
  await door.tasks.settle(epoch, [failureOf("r1")]);
  const expected = [
    {
      attempt: 1,
      givenBy: "priority",
      why: { credit: 3 },
      outcome: "failed",
      nextState: "pending",
      waitMs: 4_000,
    },
  ];
  expect(await door.tasks.decisions({ task: id }, 10)).toMatchObject(expected);
  expect(await door.tasks.decisions({ project: "web", agents: ["coder"] }, 10)).toMatchObject(
    expected,
  );
  expect(await door.tasks.decisions({ project: "api", agents: ["coder"] }, 10)).toEqual([]);
  await desk.promoted((await door.clock()) + 5_000);
  await desk.claim(id, "r2");
  await door.tasks.settle(epoch, [failureOf("r2", { outcome: "lost", exitCode: null })]);
  const [second, first] = await door.tasks.decisions({ task: id }, 10);
  expect([second?.attempt, second?.nextState, first?.attempt]).toEqual([2, "dead", 1]);
});

test("the newest ends of every agent are told oldest first, however busy another agent was", async () => {
  for (const [n, agent] of ["coder", "other", "coder", "coder"].entries()) {
    await desk.started(`r${n}`, { agent });
    await door.tasks.settle(epoch, [failureOf(`r${n}`, { exitCode: n })]);
  }
  const ends = await door.tasks.ends(2);
  expect(ends.map(({ agent, exitCode }) => `${agent} ${exitCode}`)).toEqual([
    "other 1",
    "coder 2",
    "coder 3",
  ]);
  const last = await door.tasks.lastEnds([{ project: "web", agent: "coder" }]);
  expect(last.get("web")).toBe(ends.at(-1)?.endedAt);
});

test("breakers are kept as they are, and go with their project", async () => {
  const state: Breaker = {
    kind: "open",
    failureClass: "exit code 3",
    until: 17_000,
    coolDownMs: 60_000,
  };
  const kept = { project: "web", agent: "coder", state, through: 5_000 };
  await door.tasks.keepBreakers(epoch, [kept, { ...kept, project: "nobody" }]);
  const probing = { kind: "half-open", failureClass: "x", probe: "7", coolDownMs: 1 } as const;
  await door.tasks.keepBreakers(epoch, [{ ...kept, agent: "", state: probing }]);
  expect(await door.tasks.breakers()).toEqual([kept, { ...kept, agent: "", state: probing }]);
  await door.setRest({ epoch, project: "web", rest: { kind: "frozen", since: 1_000 } });
  await remove("web");
  expect(await door.tasks.breakers()).toEqual([]);
  expect(await door.rests()).toEqual(new Map());
});

test("what is recalled of a project is its own: nothing of a removed one of its name, nor of any that is gone", async () => {
  for (const [project, run] of [
    ["web", "old"],
    ["api", "api1"],
  ] as const) {
    await desk.started(run, { project });
    await door.tasks.settle(epoch, [failureOf(run)]);
  }
  await remove("web");
  await remove("api");
  expect(await door.tasks.ends(10)).toEqual([]);
  const agent = { project: "web", agent: "coder" };
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
  expect(await door.tasks.ends(10)).toEqual([]);
  expect(await door.tasks.lastEnds([agent])).toEqual(new Map());
  expect(await door.tasks.decisions({ project: "web", agents: ["coder"] }, 10)).toEqual([]);
  await desk.started("new");
  await door.tasks.settle(epoch, [failureOf("new", { exitCode: 7 })]);
  expect((await door.tasks.ends(10)).map(({ exitCode }) => exitCode)).toEqual([7]);
  expect([...(await door.tasks.lastEnds([agent])).keys()]).toEqual(["web"]);
  expect(await door.tasks.decisions({ project: "web", agents: ["coder"] }, 10)).toHaveLength(1);
});

test("a project's birth is later than its predecessor's end, and stays as it is while it lives", async () => {
  const bornAt = async (): Promise<number> =>
    (await door.projects()).find(({ name }) => name === "web")?.bornAt ?? Number.NaN;
  const first = await bornAt();
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web", { weight: 9 }))));
  await door.intend(wantOf(epoch, "web", "frozen"));
  expect(await bornAt()).toBe(first);
  await remove("web");
  const removed = await door.clock();
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
  expect(await bornAt()).toBeGreaterThanOrEqual(removed);
});

async function remove(project: string): Promise<void> {
  const row = await door.intend(wantOf(epoch, project, "removed"));
  await door.settlePhase(moveOf({ epoch, project, from: row.phase, to: "removed" }));
}

test("a project at rest is remembered until it wakes", async () => {
  const rest = { kind: "frozen", since: 1_000 } as const;
  await door.setRest({ epoch, project: "web", rest });
  await door.setRest({ epoch, project: "gone", rest });
  expect(await door.rests()).toEqual(new Map([["web", rest]]));
  await door.setRest({ epoch, project: "web", rest: { ...rest, kind: "stopped" } });
  expect((await door.rests()).get("web")?.kind).toBe("stopped");
  await door.setRest({ epoch, project: "web", rest: null });
  expect(await door.rests()).toEqual(new Map());
});

test("lists hold neither payloads nor results", async () => {
  const { id } = await desk.submit({ payload: "x".repeat(200_000) });
  const query = { project: null, agent: null, states: [], tag: null, after: null, limit: 10 };
  const [listed] = await door.tasks.list(query);
  expect(listed?.id).toBe(id);
  expect(JSON.stringify(listed).length).toBeLessThan(2_000);
});

test("a run keeps the memory its runner told, found by its id alone", async () => {
  const memory = [
    [0, 1_000],
    [500, 9_000],
    [900, 2_000],
  ] as const;
  const events = journal(1, started("r1"), exited("r1", { memory }));
  await door.ingest({ epoch, project: "web", generation: 1, events });
  expect(await door.run("r1")).toMatchObject({ project: "web", memory });
  expect(await door.run("r9")).toBeNull();
  const long = Array.from({ length: 500 }, (_, n) => [n, n] as const);
  const more = journal(3, started("r2"), exited("r2", { memory: long }));
  await door.ingest({ epoch, project: "web", generation: 1, events: more });
  expect((await door.run("r2"))?.memory).toHaveLength(60);
});

test("few tasks are told one by one by their ids, many at once by their number; failures always", async () => {
  const single = await desk.started("one");
  const begin = (run: string, task: string): JournalBody =>
    ({ ...started(run), task, agent: "coder" }) as JournalBody;
  const end = (run: string, code: number): JournalBody =>
    ({ ...exited(run, { code }), agent: "coder" }) as JournalBody;
  const told = async (kind: string): Promise<readonly string[]> =>
    (
      await door.events({
        after: null,
        project: "web",
        kinds: [kind],
        limit: 100,
        newestFirst: false,
      })
    ).map(({ message }) => message);
  await door.ingest({
    epoch,
    project: "web",
    generation: 1,
    events: journal(1, begin("one", single.id), end("one", 0)),
  });
  expect(await told("agent.started")).toEqual([`coder#0 started task ${single.id}`]);
  expect(await told("agent.exited")).toEqual([`coder#0 ended task ${single.id} with code 0`]);
  const runs = Array.from({ length: 40 }, (_, n) => `m${n}`);
  const tasks = new Map<string, string>();
  for (const run of runs) tasks.set(run, (await desk.started(run)).id);
  const bodies = runs.flatMap((run, n) => [
    begin(run, tasks.get(run) ?? ""),
    end(run, n === 7 ? 9 : 0),
  ]);
  await door.ingest({ epoch, project: "web", generation: 1, events: journal(3, ...bodies) });
  expect((await told("agent.started")).slice(1)).toEqual(["coder started 40 tasks"]);
  expect((await told("agent.exited")).slice(1).toSorted()).toEqual([
    `coder ended 39 tasks with code 0`,
    `coder#0 ended task ${tasks.get("m7")} with code 9`,
  ]);
});
