/** What a project's view means for somebody who waits for it. */
import { expect, test } from "vitest";
import {
  errorOfVerdicts,
  holdMsOf,
  onlyAgents,
  verdictOf,
  youngMsOf,
} from "../../../src/cli/verdict.ts";
import { aProject } from "../../support/fake-daemon.ts";

const full = { phase: "activating" as const, health: "waiting" as const };
const capacity = verdictOf(
  "big",
  aProject("big", { ...full, reasons: ["waiting: capacity (needs 9 GiB, 1 GiB free)"] }),
);

test("waiting for room names who waits, and is 73's kind", () => {
  expect(capacity.state).toBe("waiting");
  const error = errorOfVerdicts([verdictOf("web", aProject("web")), capacity]);
  expect(error).toMatchObject({ kind: "capacity", message: "waiting for capacity: big" });
  expect(error?.problems).toHaveLength(1);
});

test("a failure goes before a lack of room", () => {
  const failed = verdictOf("web", aProject("web", { health: "crash-loop" }));
  expect(errorOfVerdicts([capacity, failed])).toMatchObject({ code: "cli.projects-failed" });
});

test("waiting for anything but room is still on the way", () => {
  const secret = aProject("web", { health: "waiting", reasons: ["waiting: secret MODEL_API_KEY"] });
  expect(verdictOf("web", secret).state).toBe("moving");
});

test("a project is settled when its phase is the one wanted and its health is known", () => {
  expect(verdictOf("web", aProject("web")).state).toBe("settled");
  expect(
    verdictOf("web", aProject("web", { wanted: "frozen", phase: "paused", health: "frozen" }))
      .state,
  ).toBe("settled");
  expect(
    verdictOf("web", aProject("web", { wanted: "frozen", phase: "pausing", health: "healthy" }))
      .state,
  ).toBe("moving");
  expect(verdictOf("web", aProject("web", { health: "unknown" })).state).toBe("moving");
  expect(verdictOf("web", undefined)).toMatchObject({ state: "settled", text: "gone" });
});

test("an agent that failed and stays ended is a failure now, not at the end of the wait", () => {
  const [agent] = aProject("web").agents;
  const lastExit = { code: 3, signal: null, oom: false, at: 0 };
  const agents = agent === undefined ? [] : [{ ...agent, state: "exited" as const, lastExit }];
  expect(verdictOf("web", aProject("web", { health: "unhealthy", agents })).state).toBe("failed");
  expect(verdictOf("web", aProject("web", { health: "unhealthy" })).state).toBe("moving");
});

test("lack of room must hold longer than a failure before it is believed, success not at all", () => {
  const failed = verdictOf("web", aProject("web", { health: "failed" }));
  const fine = verdictOf("web", aProject("web"));
  expect(holdMsOf([fine])).toBe(0);
  expect(holdMsOf([fine, failed])).toBeGreaterThan(0);
  expect(holdMsOf([failed, capacity])).toBeGreaterThan(holdMsOf([failed]));
});

test("an agent that has only just started must still run a moment later, one that runs for long need not", () => {
  const [agent] = aProject("web").agents;
  const startedAt = 1_000_000;
  const agents = agent === undefined ? [] : [{ ...agent, startedAt }];
  const young = [verdictOf("web", aProject("web", { agents }))];
  expect(youngMsOf(young, startedAt, 0)).toBe(100);
  expect(youngMsOf(young, startedAt + 60, 0)).toBe(40);
  expect(youngMsOf(young, startedAt + 100, 0)).toBe(0);
  // a clock that is behind the host's must not wait for it
  expect(youngMsOf(young, startedAt - 60_000, 30)).toBe(70);
  expect(youngMsOf(young, startedAt - 60_000, 100)).toBe(0);
  expect(youngMsOf([verdictOf("web", undefined)], startedAt, 0)).toBe(0);
});

test("who waits for one agent waits for no other, but for what befalls the project", () => {
  const [agent] = aProject("web").agents;
  const two = (
    health: "unhealthy" | "crash-loop" | "starting",
    changes: Partial<ReturnType<typeof aProject>> = {},
  ) =>
    aProject("web", {
      health,
      reasons: [`ill#0 ${health}: no`],
      agents: agent === undefined ? [] : [agent, { ...agent, agent: "ill", state: health }],
      ...changes,
    });
  const state = (project: ReturnType<typeof aProject>, name: string) =>
    verdictOf("web", onlyAgents(project, new Set([name]))).state;
  for (const health of ["unhealthy", "crash-loop", "starting"] as const)
    expect(state(two(health), "coder")).toBe("settled");
  expect(state(two("unhealthy"), "ill")).toBe("moving");
  expect(state(two("crash-loop"), "ill")).toBe("failed");
  expect(onlyAgents(two("unhealthy"), new Set(["coder"])).reasons).toEqual([]);

  expect(state(two("unhealthy", { health: "failed" }), "coder")).toBe("failed");
  expect(state(two("unhealthy", { health: "unknown" }), "coder")).toBe("moving");
  expect(state(two("unhealthy", { phase: "activating" }), "coder")).toBe("moving");
  expect(state(two("starting", { agents: [] }), "coder")).toBe("moving");
});
