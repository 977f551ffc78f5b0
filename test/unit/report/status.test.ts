/** A project's status: one word, worst first, and a reason for everything that is not simply well. */
import { expect, test } from "vitest";
import type { AgentStatus } from "../../../src/model/agent.ts";
import type { ObservedContainer, RunnerReport } from "../../../src/model/observed.ts";
import { type StatusSources, projectView } from "../../../src/report/status.ts";
import { sampleAgent, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { readyReport } from "../../support/runner-report.ts";

const agent = (more: Partial<AgentStatus> = {}): AgentStatus => ({
  agent: "coder",
  replica: 0,
  state: "running",
  reason: null,
  pid: 7,
  runId: "r",
  startedAt: 0,
  nextStartAt: null,
  restarts: 0,
  lastExit: null,
  cpuMs: null,
  rssBytes: null,
  ...more,
});
const report = (...agents: AgentStatus[]): RunnerReport =>
  readyReport("web", { heardAt: 1_000, agents });
const container = (state: ObservedContainer["state"]): ObservedContainer => ({
  id: "c1",
  name: "berth-main-web",
  image: "i",
  imageId: "i",
  state,
  own: {
    install: "main",
    installUid: "u",
    project: "web",
    generation: 1,
    specHash: "s",
    epoch: 1,
  },
  networkIds: [],
  networkNames: [],
  createdAt: 0,
});
const sources = (more: Partial<StatusSources> = {}): StatusSources => ({
  record: { ...sampleRecord(), phaseSince: 0 },
  waiting: [],
  idle: null,
  fault: null,
  container: container("running"),
  report: report(agent()),
  connected: true,
  silence: null,
  secretFaults: new Map(),
  cpuPercent: null,
  needsYou: { count: 0, oldest: null },
  progress: [],
  limits: { nanoCpus: 1, memoryBytes: 1, pids: 1, cpuShares: 1 },
  now: 2_000,
  ...more,
});
const word = (more: Partial<StatusSources>): string => projectView(sources(more)).health;

test("healthy means that every agent runs", () => {
  expect(word({})).toBe("healthy");
  expect(word({ report: report(agent(), agent({ state: "starting" })) })).toBe("starting");
  expect(
    word({ report: report(agent({ state: "crash-loop" }), agent({ state: "starting" })) }),
  ).toBe("crash-loop");
});

test("before its first process a project starts, unless none is to be: stopped, scaled to 0, declared with 0", () => {
  const empty = (record: Parameters<typeof sampleRecord>[0]): string =>
    word({ report: report(), record: { ...sampleRecord(record), phaseSince: 0 } });
  const none = sampleSpec({ agents: { beat: sampleAgent("beat", { replicas: 0 }) } });
  expect(empty({})).toBe("starting");
  expect(empty({ stoppedAgents: ["beat"] })).toBe("healthy");
  expect(empty({ replicas: { beat: 0 } })).toBe("healthy");
  expect(empty({ spec: none })).toBe("healthy");
  expect(empty({ spec: none, replicas: { beat: 1 } })).toBe("starting");
  expect(empty({ replicas: { beat: 1 }, stoppedAgents: ["beat"] })).toBe("healthy");
});

test("an agent that ended well is no fault, one that failed is", () => {
  const ended = (code: number): AgentStatus =>
    agent({ state: "exited", lastExit: { code, signal: null, oom: false, at: 1 } });
  expect(word({ report: report(ended(0)) })).toBe("healthy");
  expect(word({ report: report(ended(3)) })).toBe("unhealthy");
});

test("what is unknown is called unknown, with its age as the reason", () => {
  expect(word({ container: undefined, report: null })).toBe("unknown");
  const lost = projectView(sources({ connected: false, now: 60_000 }));
  expect(lost.health).toBe("unknown");
  expect(lost.reasons).toEqual(["its runner has not been heard for 59 s"]);
});

test("a runner that ends with its project is no silence; one that goes otherwise is told at once, without an age", () => {
  const gone = (more: Partial<StatusSources>) =>
    projectView(sources({ connected: false, ...more })).reasons;
  const wanted = (as: "active" | "stopped" | "inactive" | "completed" | "removed") =>
    gone({ record: { ...sampleRecord({ wanted: as }), phaseSince: 0 } });
  for (const left of ["stopped", "inactive", "completed", "removed"] as const)
    expect(wanted(left)).toEqual([]);
  const resting = { kind: "resting", rest: "stopped", since: 1_500, why: "idle" } as const;
  expect(gone({ idle: resting })).toEqual(["stopped: idle; a task wakes it"]);
  expect(wanted("active")).toEqual(["the connection to its runner has just ended"]);
  // A container that should have stopped and has not is no ordinary stop.
  const record = { ...sampleRecord({ wanted: "stopped" }), phaseSince: 0 };
  expect(gone({ record, now: 30_000 })).toEqual(["its runner has not been heard for 29 s"]);
});

test("one that never answered says so at first, then for how long, and what helps once that was told", () => {
  const silence = { container: "c1", since: 1_000, ms: 0, countedAt: 0, told: false };
  const reasons = (more: Partial<StatusSources>) =>
    projectView(sources({ report: null, connected: false, silence, ...more })).reasons;
  expect(reasons({ silence: null, now: 90_000 })).toEqual(["its runner has not answered yet"]);
  expect(reasons({ now: 21_000 })).toEqual(["its runner has not answered yet"]);
  expect(reasons({ now: 22_000 })).toEqual(["its runner has not been heard for 21 s"]);
  const told = { ...silence, told: true };
  const helps = "`berth restart web` gives it a new container";
  expect(reasons({ silence: told, now: 62_000 })).toEqual([
    `its runner has not been heard for 61 s; ${helps}`,
  ]);
  expect(reasons({ silence: told, report: report(), now: 90_000 })).toEqual([
    `its runner has not been heard for 89 s; ${helps}`,
  ]);
  expect(reasons({ container: container("paused"), silence: told })).toEqual([]);
});

test("a fault that passes by itself is not called failed; one that a person must mend is", () => {
  const fault = { code: "docker.timeout", detail: "no answer", at: 1, passing: true };
  expect(word({ fault, container: null, report: null })).toBe("starting");
  expect(word({ fault: { ...fault, passing: false } })).toBe("failed");
});

test("frozen, stopped and waiting are named", () => {
  expect(word({ container: container("paused") })).toBe("frozen");
  expect(word({ container: null, report: null, waiting: ["capacity: needs 1GiB"] })).toBe(
    "waiting",
  );
  expect(
    projectView(sources({ container: null, waiting: ["capacity: needs 1GiB"] })).reasons,
  ).toContain("waiting: capacity: needs 1GiB");
});

test("what is to be frozen and runs nothing is stopped", () => {
  const record = { ...sampleRecord({ wanted: "frozen", phase: "paused" }), phaseSince: 0 };
  expect(word({ record, container: null, report: null })).toBe("stopped");
  expect(word({ record, container: container("exited") })).toBe("stopped");
  expect(word({ record, container: container("created"), report: null })).toBe("stopped");
  expect(word({ record, container: container("running") })).toBe("healthy");
  expect(word({ record, container: container("paused") })).toBe("frozen");
  expect(word({ record, container: undefined, report: null })).toBe("unknown");
});

test("what rests for want of work says how and since when; what wakes rests no more", () => {
  const resting = { kind: "resting", rest: "frozen", since: 1_500, why: "idle" } as const;
  expect(projectView(sources({ idle: resting })).idle).toEqual({ kind: "frozen", since: 1_500 });
  expect(projectView(sources({ idle: { kind: "waking", why: "work" } })).idle).toBeNull();
  expect(projectView(sources({})).idle).toBeNull();
});

test("a missing secret comes with the reason, and so does one that could not be given anew", () => {
  const spec = { ...sampleRecord().spec, secrets: ["A", "B", "C", "D"] };
  const record = { ...sampleRecord({ spec }), phaseSince: 0 };
  const waits = { ...report(), missingSecrets: ["A", "B", "C"] };
  const secretFaults = new Map([
    ["A", "absent"],
    ["B", "larger than 64 KiB"],
    ["D", "not a file"],
    ["GONE", "absent"],
  ]);
  expect(projectView(sources({ record, report: waits, secretFaults })).reasons).toEqual([
    "missing secrets: A (absent), B (larger than 64 KiB), C",
    "secrets left as they were: D (not a file)",
  ]);
  expect(projectView(sources({ record, report: null, secretFaults })).reasons).not.toContain("D");
});
