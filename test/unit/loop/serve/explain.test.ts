/** Explaining: work that is not there, projects that were put aside, tasks and agents of them, services. */
import { expect, test } from "vitest";
import { explainSubject } from "../../../../src/loop/serve/explain.ts";
import type { AuditView } from "../../../../src/model/access.ts";
import type { TaskRecord } from "../../../../src/model/task.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskState } from "../../../support/desk-state.ts";
import { aTask } from "../../../support/fake-tasks.ts";

const NOW = Date.UTC(2026, 10, 23, 6);
const SINCE = Date.UTC(2026, 10, 23, 5, 18, 24, 345);
const task = { min: 0, max: 3, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } };
const WEB = projectSpec("web", {
  agents: {
    beat: agentSpec("beat"),
    coder: agentSpec("coder", { replicas: 0, task }),
  },
});

function world(tasks: readonly TaskRecord[] = [], audit: readonly AuditView[] = []) {
  const made = deskState({ projects: [WEB], now: NOW, tasks, audit });
  for (const { id, project, agent, state } of tasks)
    if (state === "ready")
      made.desk.pool.insert({
        id,
        project,
        agent,
        priority: 500,
        complexity: 5,
        deadlineAt: null,
        readyAt: NOW,
      });
  return made;
}
const asked = (action: string, who: string, claim: string | null): AuditView => ({
  id: 1,
  at: SINCE,
  by: { who, claim, reason: null },
  action,
  project: "web",
  detail: "",
});

test("a worker without work waits for work, and says how it is given some", async () => {
  const told = await explainSubject("web/coder", world().state);
  expect(told).toMatchObject({
    state: "0 running, 0 waiting, worker target 0 of 0..3",
    constraint: "work: no task waits for it",
    wouldStart: "a task is given to it: `berth run web coder`",
  });
});

test("a worker that works and has nothing waiting is bound by nothing", async () => {
  const { desk, state } = world([aTask("1", { state: "running" })]);
  desk.pool.hold({ task: "1", project: "web", agent: "coder", startedAt: NOW });
  expect(await explainSubject("web/coder", state)).toMatchObject({
    constraint: null,
    wouldStart: null,
  });
});

test("what binds work to come goes before the want of it", async () => {
  const { change, state } = world();
  change("web", { stoppedAgents: ["coder"] });
  expect(await explainSubject("web/coder", state)).toMatchObject({
    constraint: "stopped: agent web/coder",
    wouldStart: "`berth start web/coder` has to be called",
  });
});

test.each([
  ["frozen", "paused", "berth resume web"],
  ["stopped", "paused", "berth resume web"],
  ["completed", "completed", "berth start web"],
  ["inactive", "inactive", "berth start web"],
] as const)(
  "%s: project, agents and tasks name since when, who asked, and the verb",
  async (wanted, phase, verb) => {
    const tasks = [
      aTask("1"),
      aTask("2", { state: "running" }),
      aTask("3", { state: "pending", after: [], notBefore: NOW + 9, attempts: 1 }),
    ];
    const { change, state } = world(tasks, [
      asked("want-active", "local", "bob"),
      asked(`want-${wanted}`, "local", "ann"),
    ]);
    change("web", { wanted, phase, phaseSince: SINCE });
    for (const subject of ["web", "web/coder", "web/beat", "1", "2", "3"]) {
      const { constraint, wouldStart } = await explainSubject(subject, state);
      expect([subject, constraint, wouldStart]).toEqual([
        subject,
        `project: ${phase} since 2026-11-23T05:18:24Z, asked by ann`,
        `\`${verb}\` has to be called`,
      ]);
    }
  },
);

test("who asked is left out where it is not recorded, and a project declared no more is to be declared again", async () => {
  const { change, state } = world();
  change("web", { wanted: "completed", phase: "completed", phaseSince: SINCE });
  const { constraint } = await explainSubject("web", state);
  expect(constraint).toBe("project: completed since 2026-11-23T05:18:24Z");
  const pruned = world([], [asked("want-inactive", "local", "ann")]);
  pruned.change("web", {
    wanted: "inactive",
    phase: "inactive",
    phaseSince: SINCE,
    declared: false,
  });
  expect(await explainSubject("web", pruned.state)).toMatchObject({
    constraint: "project: inactive since 2026-11-23T05:18:24Z",
    wouldStart: "it has to be declared and applied again",
  });
});

test("a task that comes after others names those that have not succeeded", async () => {
  const tasks = [
    aTask("1", { state: "succeeded" }),
    aTask("2", { state: "running" }),
    aTask("3", { state: "pending", after: ["1", "2"] }),
  ];
  expect(await explainSubject("3", world(tasks).state)).toMatchObject({
    constraint: "dependencies: waits for 2 (running)",
    wouldStart: "it has to succeed",
  });
});

test("a service is explained by its processes, a name that is none by those there are", async () => {
  const { change, state } = world();
  expect(await explainSubject("web/beat", state)).toMatchObject({
    kind: "agent",
    state: "0 of 1 running",
  });
  change("web", { stoppedAgents: ["beat"] });
  expect(await explainSubject("web/beat", state)).toMatchObject({
    state: "0 of 0 running, stopped by hand",
    wouldStart: "`berth start web/beat` has to be called",
  });
  await expect(explainSubject("web/nope", state)).rejects.toMatchObject({
    code: "loop.agent-missing",
    hint: "agents: beat, coder",
  });
});
