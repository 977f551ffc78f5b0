/** What counts as a restart: a service's next process, neither an end without one, nor a task, nor a start after a stop. */
import { expect, test } from "vitest";
import { listenToRunners } from "../../../src/loop/runner-listener.ts";
import type { DaemonState } from "../../../src/loop/state.ts";
import type { ExitCause, JournalBody, JournalEvent } from "../../../src/model/run.ts";

const beat = { run: "r", agent: "beat", replica: 0 };
const coder = { run: "t", agent: "coder", replica: 0 };
const started: JournalBody = { kind: "started", ...beat, pid: 7, generation: 1 };
const task: JournalBody = { kind: "started", ...coder, pid: 8, generation: 1, task: "1" };
const lost: JournalBody = { kind: "lost", ...beat, reason: "the container died" };
const ended = (of: typeof beat, cause: ExitCause = "self"): JournalBody => ({
  kind: "exited",
  ...of,
  code: 1,
  signal: null,
  oom: false,
  cause,
  survivors: 0,
  durationMs: 5,
});

/** Agents that are counted when a runner tells these events. */
async function counted(...bodies: readonly JournalBody[]): Promise<readonly string[]> {
  const agents: string[] = [];
  const session = {
    world: { install: { epoch: 1 }, records: new Map(), openRuns: new Set(), ended: new Map() },
    doors: { postgres: { ingest: async () => bodies.length } },
    outbox: { busy: () => false },
    metrics: { restarted: (_project: string, agent: string) => agents.push(agent) },
    desk: null,
    questions: null,
    eventsWritten: () => undefined,
  };
  const events = bodies.map((body, at): JournalEvent => ({ seq: at + 1, at, boot: "b", ...body }));
  const state = { session } as unknown as DaemonState;
  await listenToRunners(state).onEvents("web", events);
  return agents;
}

test("a service counts when its process is started again, also after the container died under it", async () => {
  expect(await counted(started, ended(beat), started)).toEqual(["beat"]);
  expect(await counted(started, lost, started, ended(beat), started)).toEqual(["beat", "beat"]);
  expect(await counted(started, ended(beat, "unhealthy"), started)).toEqual(["beat"]);
});

test("an end that nothing follows, a start after a stop, and tasks are no restarts", async () => {
  expect(await counted(started, ended(beat))).toEqual([]);
  expect(await counted(started, ended(beat, "stop"), started)).toEqual([]);
  expect(await counted(lost, ended(beat, "shutdown"), started)).toEqual([]);
  expect(await counted(task, ended(coder), task, ended(coder))).toEqual([]);
});
