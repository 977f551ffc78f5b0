/** What must be seen of a project before a verb is done. */
import { expect, test } from "vitest";
import { effectOf } from "../../../src/cli/effect.ts";
import type { ProjectView } from "../../../src/model/view.ts";
import { aProject } from "../../support/fake-daemon.ts";

const before = aProject("web");
const [coder] = before.agents;
const withAgents = (...changes: readonly Partial<ProjectView["agents"][number]>[]): ProjectView =>
  aProject("web", {
    agents: changes.flatMap((change) => (coder === undefined ? [] : [{ ...coder, ...change }])),
  });

test("a restarted project has another container", () => {
  const effect = effectOf({ project: "web", verb: "restart" }, before);
  expect(effect(before)).toBe(false);
  expect(effect(aProject("web", { containerId: "d00d" }))).toBe(true);
});

test("a restarted agent has other runs", () => {
  const effect = effectOf({ project: "web", agent: "coder", verb: "restart" }, before);
  expect(effect(before)).toBe(false);
  expect(effect(withAgents({ runId: "r-2" }))).toBe(true);
  expect(effect(withAgents({ runId: "r-2" }, { replica: 1, runId: "r-1" }))).toBe(false);
});

test("a stopped agent has no process, a started one is there", () => {
  const stop = effectOf({ project: "web", agent: "coder", verb: "stop" }, before);
  expect([stop(before), stop(withAgents()), stop(withAgents({ state: "exited" }))]).toEqual([
    false,
    true,
    true,
  ]);
  const start = effectOf({ project: "web", agent: "coder", verb: "start" }, withAgents());
  expect([start(withAgents()), start(before)]).toEqual([false, true]);
});

test("a scaled agent has as many replicas as were asked for", () => {
  const effect = effectOf(
    { project: "web", agent: "coder", verb: "scale", body: { replicas: 2 } },
    before,
  );
  expect(effect(withAgents({}))).toBe(false);
  expect(effect(withAgents({}, { replica: 1 }))).toBe(true);
  expect(effect(withAgents({}, { replica: 1 }, { replica: 2 }))).toBe(false);
  expect(effect(withAgents({}, { replica: 1 }, { replica: 2, state: "exited" }))).toBe(true);
});

test("of a project that is not to run nothing is expected", () => {
  const effect = effectOf({ project: "web", verb: "restart" }, before);
  expect(effect(aProject("web", { wanted: "stopped" }))).toBe(true);
});
