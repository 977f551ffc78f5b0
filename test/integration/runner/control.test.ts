/** The conversation with the daemon: who is obeyed, what a new configuration changes, what a late daemon gets told. */
import { lstatSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execArgv } from "../../../src/protocol/entry.ts";
import { eventually } from "./eventually.ts";
import { configOf, docker, shell, World } from "./harness.ts";

const world = new World("ctl");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

const SLEEP = "exec sleep 1000";

test("an older epoch, another install and an unknown version are refused; a newer daemon replaces the older connection", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", SLEEP)], { epoch: 5 }));
  const stale = await project.connect(4);
  expect(await stale.frame("refused")).toMatchObject({ code: "runner.epoch-stale", epoch: 5 });
  const foreign = await project.connect(9, { install: "other" });
  expect(await foreign.frame("refused")).toMatchObject({ code: "runner.install-foreign" });
  const future = await project.connect(9, { versions: [77] });
  expect(await future.frame("refused")).toMatchObject({ code: "runner.version-unknown", epoch: 5 });
  const first = await project.connect(5);
  expect(await first.frame("welcome")).toMatchObject({ epoch: 5, configHash: project.config.hash });
  const second = await project.connect(6);
  expect(await second.frame("welcome")).toMatchObject({ epoch: 6 });
  await eventually("the older connection is closed", () => first.closed);
  const late = await second.ask({ kind: "configure", epoch: 5, config: project.config });
  expect(late).toMatchObject({ ok: false, code: "runner.epoch-stale" });
  // The floor survives the container.
  await docker("kill", project.container);
  await docker("start", project.container);
  const third = await project.connect(5);
  expect(await third.frame("refused")).toMatchObject({ epoch: 6 });
});

test("garbage is survived: the connection that sends it is closed, the next one is served", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", SLEEP)]));
  const noise = await project.connect();
  await noise.frame("welcome");
  noise.socket.write(`{"kind":"configure","id":1}\n\u0000\n${"x".repeat(3_000_000)}\n`);
  expect(await noise.ask({ kind: "ping" })).toMatchObject({ ok: true });
  noise.socket.write("nonsense\n".repeat(50));
  await eventually("it is cut off", () => noise.closed);
  const next = await project.connect();
  expect(await next.ask({ kind: "ping" })).toMatchObject({ ok: true });
});

test("a control socket that somebody removed or replaced is back within a tick; who is connected stays so", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", SLEEP)]));
  const path = join(project.spool, "control.sock");
  const first = await project.connect();
  expect(await first.ask({ kind: "ping" })).toMatchObject({ ok: true });
  const before = await first.status("a", ({ state }) => state === "running");
  for (const replace of [() => undefined, () => writeFileSync(path, "no socket")]) {
    rmSync(path);
    replace();
    await eventually("a socket again", () => isSocket(path), 8_000);
    expect(await first.ask({ kind: "ping" })).toMatchObject({ ok: true });
  }
  const next = await project.connect();
  expect(await next.status("a")).toMatchObject({ pid: before.pid, runId: before.runId });
  await eventually("the older connection is closed", () => first.closed);
});

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

test("a new configuration restarts only what changed, starts and stops only the difference", async () => {
  const project = await world.start((name) =>
    configOf(name, [
      shell("same", SLEEP, { replicas: 2 }),
      shell("edited", SLEEP),
      shell("gone", SLEEP),
    ]),
  );
  const client = await project.connect();
  const running = (state: { state: string }): boolean => state.state === "running";
  for (const name of ["same", "edited", "gone"]) await client.status(name, running);
  const before = await client.status("same", running);
  const base = { ...project.config, generation: 99 };
  const changed = {
    ...base,
    hash: "changed",
    agents: [
      shell("same", SLEEP, { replicas: 3 }),
      shell("edited", SLEEP, { environment: { NEW: "1" } }),
      shell("added", SLEEP),
    ],
  };
  expect(await client.ask({ kind: "configure", epoch: 1, config: changed })).toMatchObject({
    ok: true,
  });
  await client.frame("status", ({ agents, configHash }) => {
    const names = agents.map(({ agent, replica }) => `${agent}/${replica}`).join(" ");
    return (
      configHash === "changed" &&
      agents.every(running) &&
      names === "added/0 edited/0 same/0 same/1 same/2"
    );
  });
  expect(await client.status("same")).toMatchObject({ runId: before.runId, pid: before.pid });
  expect(await project.event("exited", (event) => event.agent === "gone")).toMatchObject({
    cause: "stop",
  });
  expect(await project.event("exited", (event) => event.agent === "edited")).toMatchObject({
    cause: "config",
  });
  const count = (await project.journal()).length;
  // The same hash again: nothing happens, whatever else is in it.
  expect(
    await client.ask({ kind: "configure", epoch: 1, config: { ...changed, generation: 100 } }),
  ).toMatchObject({ ok: true });
  const asked = { ...changed, hash: "restart", restartSerials: { same: 1 } };
  expect(await client.ask({ kind: "configure", epoch: 1, config: asked })).toMatchObject({
    ok: true,
  });
  await eventually("all three were restarted", async () => {
    const ends = (await project.journal()).slice(count).filter((event) => event.kind === "exited");
    return (
      ends.length === 3 &&
      ends.every((event) => event.agent === "same" && event.cause === "restart")
    );
  });
  expect(await client.frame("status", (frame) => frame.restartSerials["same"] === 1)).toBeDefined();
  // What was configured is what the next boot begins with.
  await docker("kill", project.container);
  await docker("start", project.container);
  const after = await project.connect();
  expect(await after.frame("welcome")).toMatchObject({ configHash: "restart" });
});

test("a daemon that comes late gets the journal from where it left off, and status with the cgroup's facts", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exit 1")]), {
    memory: "100m",
    pids: 77,
  });
  const exited = await project.event("exited");
  const client = await project.connect();
  client.send({ kind: "resume", after: 2 });
  await client.frame("event", ({ event }) => event.seq === exited.seq);
  const seqs = client.frames.flatMap((frame) => (frame.kind === "event" ? [frame.event.seq] : []));
  expect(seqs).toEqual([3, 4]);
  const { sample } = await client.frame("status");
  expect(sample).toMatchObject({
    memoryLimitBytes: 104_857_600,
    pidsLimit: 77,
    cpuQuota: 1.5,
    oomKills: 0,
  });
});

test("a daemon that knows more events than the spool has (the host crashed) is not told old numbers again", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", SLEEP)]));
  await project.event("ready");
  const client = await project.connect();
  client.send({ kind: "resume", after: 1_000 });
  const first = await client.frame("event", ({ event }) => event.kind === "ready");
  expect(first.event.seq).toBe(1_003);
  const kinds = client.frames.flatMap((frame) =>
    frame.kind === "event" ? [frame.event.kind] : [],
  );
  expect(kinds).toEqual(["boot", "started", "ready"]);
});

test("an exec ticket lets a command run as the agent, and closing it ends its whole tree", async () => {
  const project = await world.start((name) =>
    configOf(name, [shell("a", SLEEP, { environment: { A: "1" } })]),
  );
  const client = await project.connect();
  const reply = await client.ask({ kind: "exec-open", epoch: 1, agent: "a" });
  if (!reply.ok || reply.ticket === null) throw new Error("no ticket");
  const { ticket } = reply;
  const command = (script: string) =>
    execArgv({ ...ticket, groups: [], argv: ["sh", "-c", script] });
  expect(await docker("exec", project.container, ...command('echo "$(id -u) $(pwd) $A"'))).toBe(
    "10001 /workspace 1",
  );
  await docker(
    "exec",
    "-d",
    project.container,
    ...command("setsid -f sleep 4321; exec sleep 4321"),
  );
  const sleepers = async () =>
    (await project.processes()).filter((line) => line.includes("sleep 4321")).length;
  await eventually("both run", async () => (await sleepers()) === 2);
  expect(await client.ask({ kind: "exec-close", epoch: 1, marker: ticket.marker })).toMatchObject({
    ok: true,
  });
  await eventually("both are gone", async () => (await sleepers()) === 0);
  expect(await client.ask({ kind: "exec-open", epoch: 1, agent: "nobody" })).toMatchObject({
    ok: false,
    code: "runner.agent-unknown",
  });
});
