/** Agents that run before their runner does: begun by the launcher, taken over by the runner, lost by nobody. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentSpec } from "../../../src/model/agent.ts";
import { readBegun, layFirstStarts, callRunner } from "../../../src/runners/first-starts.ts";
import { eventually } from "./eventually.ts";
import {
  ALWAYS,
  agent,
  configOf,
  docker,
  healthOf,
  shell,
  World,
  type Project,
} from "./harness.ts";

const world = new World("first");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

const SLEEPER = agent("sleeper", ["sleep", "1000"]);
const IMAGE = { entrypoint: [], user: null, workdir: null, environment: { FROM: "image" } };
/** The launcher waits ten seconds for a call. */
const UNASKED_MS = 15_000;

/** A container whose spool was prepared as the daemon does it. */
async function begin(agents: readonly AgentSpec[], pids = 128): Promise<Project> {
  let name = "";
  let config = configOf(name, []);
  return world.start(
    (project) => {
      name = project;
      config = configOf(project, agents, { image: IMAGE });
      return config;
    },
    { prepare: (spool) => lay(spool, config), flags: ["--env", "FROM=image"], pids },
  );
}

function lay(spool: string, config: Parameters<typeof layFirstStarts>[1]): Promise<void> {
  const naming = { now: () => Date.now(), randomness: Math.random };
  const [spoolRoot, project] = [join(spool, ".."), spool.slice(spool.lastIndexOf("/") + 1)];
  return layFirstStarts(project, config, { ...naming, spoolRoot });
}

function begunIn(project: Project): ReturnType<typeof readBegun> {
  return readBegun(project.spool);
}

async function hasRunner(project: Project): Promise<boolean> {
  return (await project.processes()).some((line) => /^\d+ \/\.berth\/node/.test(line));
}

test("agents run without a runner until it is called, and it takes them over as they are", async () => {
  const project = await begin([{ ...SLEEPER, replicas: 2 }]);
  const begun = await eventually("both are told of", () => begunIn(project));
  expect(begun.agents.map(({ agent: name, replica, state }) => [name, replica, state])).toEqual([
    ["sleeper", 0, "running"],
    ["sleeper", 1, "running"],
  ]);
  expect(await hasRunner(project)).toBe(false);
  expect((await project.processes()).filter((line) => line.endsWith("sleep 1000"))).toHaveLength(2);
  const before = Date.now();
  await callRunner(project.spool);
  const client = await project.connect();
  for (const { replica, runId, pid } of begun.agents) {
    const taken = await client.status("sleeper", (status) => status.replica === replica);
    expect(taken).toMatchObject({ runId, pid, state: "running" });
  }
  for (const { runId } of begun.agents) {
    const started = await project.event("started", ({ run }) => run === runId);
    expect(started.boot).toBe(begun.boot);
    expect(started.startedAt ?? Number.NaN).toBeLessThan(before);
  }
  expect((await project.processes()).filter((line) => line.endsWith("sleep 1000"))).toHaveLength(2);
  await eventually("its files are gone", async () => (await begunIn(project)) === null);
});

test("whatever needs a runner calls it: an end, a word, a command that is not there", async () => {
  const [ends, speaks, fails] = await Promise.all([
    begin([shell("a", "exit 7")]),
    begin([shell("a", "echo hello; exec sleep 1000")]),
    begin([agent("a", ["/nowhere"]), SLEEPER]),
  ]);
  expect(await ends.event("exited")).toMatchObject({ code: 7, cause: "self", survivors: 0 });
  const { run } = await speaks.event("started");
  await eventually("its word is kept", async () => (await speaks.output(run)) === "hello\n");
  expect(await fails.event("start-failed")).toMatchObject({ agent: "a" });
  await fails.event("started", ({ agent: name }) => name === "sleeper");
});

test("the restart policy goes on from a first start, and health commands are asked", async () => {
  const project = await begin([
    shell("again", "test -e /tmp/once && exec sleep 1000; touch /tmp/once; exit 3", {
      restart: ALWAYS,
    }),
    { ...SLEEPER, name: "well", health: healthOf("true") },
  ]);
  await project.event("exited", ({ agent: name, code }) => name === "again" && code === 3);
  await project.event("ready", ({ agent: name }) => name === "well");
  const starts = async (): Promise<number> =>
    (await project.journal()).filter((e) => e.kind === "started" && e.agent === "again").length;
  await eventually("it runs again", async () => (await starts()) > 1);
  expect(await starts()).toBe(2);
});

test("what the kernel kills for memory before the runner is there died of memory", async () => {
  const project = await begin([agent("hog", ["tail", "/dev/zero"])]);
  expect(await project.event("exited")).toMatchObject({ signal: "SIGKILL", oom: true });
});

test("a fork bomb from the first moment costs its container once, and then its runner is first", async () => {
  const bomb = agent("bomb", ["perl", "-e", "fork while 1"]);
  const project = await begin([bomb], 64);
  const begun = await eventually("it is told of", () => begunIn(project));
  await callRunner(project.spool);
  await eventually("the container has ended", async () => !(await project.isRunning()));
  await lay(project.spool, project.config);
  await docker("start", project.container);
  expect(await project.event("lost")).toMatchObject({ run: begun.agents[0]?.runId });
  const client = await project.connect();
  await client.status("bomb", ({ state }) => state === "running");
});

test("a first start has the environment, identity and folder that every other start has", async () => {
  const script = "env | grep -v -E 'BERTH_RUN_ID|^_=' | sort; id; pwd; umask; ls -ld /workspace ~";
  const project = await begin([shell("a", `${script}; exit 3`, { restart: ALWAYS })]);
  const runs = await eventually("it has run twice", async () => {
    const found = (await project.journal()).flatMap((e) => (e.kind === "exited" ? [e.run] : []));
    return found.length > 1 && found;
  });
  const [first = "", second = ""] = runs;
  // Groups differ by the marker alone.
  const seen = async (run: string): Promise<string> =>
    (await project.output(run)).replaceAll(/[12]0{4}\d{5}/g, "MARKER");
  expect(await seen(first)).toBe(await seen(second));
  expect(await seen(first)).toContain("FROM=image");
});

test("docker stop before the runner is there gives agents their grace, and their end is told", async () => {
  const script = "trap 'sleep 0.3; exit 5' TERM; sleep 1000 & wait";
  const project = await begin([shell("a", script)]);
  const begun = await eventually("it is told of", () => begunIn(project));
  expect(await hasRunner(project)).toBe(false);
  await docker("stop", project.container);
  const ended = await project.event("exited");
  expect(ended).toMatchObject({ run: begun.agents[0]?.runId, code: 5, cause: "shutdown" });
});

test("a container that dies before its runner came loses no run", async () => {
  const project = await begin([SLEEPER]);
  const begun = await eventually("it is told of", () => begunIn(project));
  expect(await hasRunner(project)).toBe(false);
  await docker("kill", project.container);
  // As for any start: the launcher leaves it, because what was begun before has not been told of.
  await lay(project.spool, project.config);
  await docker("start", project.container);
  const lost = await project.event("lost");
  const [before] = begun.agents;
  expect(lost).toMatchObject({
    run: before?.runId,
    begun: { boot: begun.boot, at: before?.startedAt },
  });
  expect(lost.boot).not.toBe(begun.boot);
  const started = await project.event("started");
  expect(started.run).not.toBe(lost.run);
  expect((await project.processes()).filter((line) => line.endsWith("sleep 1000"))).toHaveLength(1);
});

test("what was begun for a configuration that is replaced meanwhile is ended, and told of", async () => {
  const project = await begin([SLEEPER]);
  const begun = await eventually("it is told of", () => begunIn(project));
  const other = configOf(project.config.project, [agent("other", ["sleep", "2000"])]);
  await project.writeSpool("desired.json", JSON.stringify(other));
  await callRunner(project.spool);
  const ended = await project.event("exited");
  expect(ended).toMatchObject({
    run: begun.agents[0]?.runId,
    boot: begun.boot,
    signal: "SIGKILL",
    cause: "config",
  });
  const next = await project.event("started", ({ agent: name }) => name === "other");
  expect(next.seq).toBeGreaterThan(ended.seq);
  await eventually(
    "the old one is gone",
    async () => !(await project.processes()).some((line) => line.endsWith("sleep 1000")),
  );
});

test("nobody calls: the runner comes by itself", { timeout: 60_000 }, async () => {
  const project = await begin([SLEEPER]);
  const begun = await eventually("it is told of", () => begunIn(project));
  const started = await project.event("started", () => true, UNASKED_MS);
  expect(started.run).toBe(begun.agents[0]?.runId);
});

test("rubbish in the place of first starts is nobody's", async () => {
  for (const rubbish of [Buffer.alloc(0), Buffer.from("{}"), Buffer.alloc(64, 0xff)]) {
    const project = await world.start((name) => configOf(name, [SLEEPER]), {
      prepare: async (spool) => writeFileSync(join(spool, "first"), rubbish),
    });
    const { pid } = await project.event("started");
    expect(pid).toBeGreaterThan(1);
    expect(() => readFileSync(join(project.spool, "first"))).toThrow("ENOENT");
  }
});
