/** Verbs that steer and clear: what they ask of the daemon, when they wait, when they ask back. */
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { startServer, until } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import { aProject, fakeDaemon, liveEvents } from "../../support/fake-daemon.ts";

test("each verb asks for its state with a key, waits until it shows, and says so in the past tense", async () => {
  const { follow, happen } = liveEvents();
  const daemon = fakeDaemon({ follow });
  await using server = await startServer(daemon);
  const [agent] = aProject("web").agents;
  const agents = (...changes: object[]) => ({
    agents: changes.flatMap((change) => (agent === undefined ? [] : [{ ...agent, ...change }])),
  });
  const steps = [
    [["start", "web"], "setWanted", { wanted: "active" }, {}, "web started"],
    [["resume", "web"], "setWanted", { wanted: "active" }, {}, "web resumed"],
    [["restart", "web"], "restart", { agent: null }, { containerId: "other" }, "web restarted"],
    [["start", "web/coder"], "agent", { agent: "coder", change: "start" }, {}, "web/coder started"],
    [
      ["stop", "web/coder"],
      "agent",
      { agent: "coder", change: "stop" },
      agents(),
      "web/coder stopped",
    ],
    [
      ["restart", "web/coder"],
      "restart",
      { agent: "coder" },
      agents({ runId: "r-2" }),
      "web/coder restarted",
    ],
    [
      ["scale", "web/coder=2"],
      "agent",
      { change: { replicas: 2 } },
      agents({}, { replica: 1 }),
      "web/coder scaled to 2",
    ],
  ] as const;
  for (const [words, method, argument, after, text] of steps) {
    daemon.world = [aProject("web")];
    const running = startCli(words, { address: server.address });
    await until(() => running.stderr().includes("web: active"));
    daemon.world = [aProject("web", after)];
    happen();
    expect(await running.done).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining(text),
    });
    expect(daemon.asked.findLast(([name]) => name === method)).toMatchObject([
      method,
      { ...argument, project: "web", idempotencyKey: expect.stringMatching(/^key-\d+$/) },
    ]);
  }
});

test("a restart of one agent is done although another one is ill; one of the project is not", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const [agent] = aProject("web").agents;
  if (agent === undefined) throw new Error("the sample project has an agent");
  const ill = { ...agent, agent: "ill", state: "unhealthy" as const, runId: "r-9" };
  const pair = (runId: string) =>
    aProject("web", { health: "unhealthy", agents: [{ ...agent, runId }, ill] });
  daemon.world = [pair("r-1")];
  const running = startCli(["restart", "web/coder"], { address: server.address });
  await until(() => running.stderr().includes("web: active"));
  daemon.world = [pair("r-2")];
  expect(await running.done).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("web/coder restarted"),
  });
  const late = await cli(["start", "web/coder", "web", "--timeout", "50ms"], {
    address: server.address,
  });
  expect(late.code).toBe(75);
});

test("pause, stop and complete wait until it is so, woken by events", async () => {
  const { follow, happen } = liveEvents();
  const daemon = fakeDaemon({ follow });
  await using server = await startServer(daemon);
  const ends = [
    [["pause", "web"], "frozen", "paused", "web paused"],
    [["pause", "--stop", "web"], "stopped", "paused", "web paused"],
    [["stop", "web"], "stopped", "paused", "web stopped"],
    [["complete", "web"], "completed", "completed", "web completed"],
  ] as const;
  for (const [words, wanted, phase, text] of ends) {
    daemon.world = [aProject("web", { wanted, phase: "pausing" })];
    const running = startCli(words, { address: server.address });
    await until(() => running.stderr().includes("web: pausing"));
    daemon.world = [aProject("web", { wanted, phase, health: "stopped" })];
    happen();
    expect(await running.done).toMatchObject({ code: 0, stderr: expect.stringContaining(text) });
    expect(daemon.asked.findLast(([method]) => method === "setWanted")).toMatchObject([
      "setWanted",
      { wanted },
    ]);
  }
});

test("nothing is touched when one of several projects is not there", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  expect((await cli(["stop", "web", "nobody"], { address: server.address })).code).toBe(64);
  expect(daemon.asked).toEqual([]);
});

test("--no-wait returns with what was recorded", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web", { wanted: "frozen", phase: "pausing" })];
  await using server = await startServer(daemon);
  const ran = await cli(["pause", "web", "--no-wait", "--json"], { address: server.address });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(ran.stdout)).toMatchObject({ name: "web", phase: "pausing" });
});

test("destroying verbs refuse to go on without a terminal unless -y says so", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  for (const words of [["remove", "web"], ["gc"], ["rollback", "1"], ["down", "--all"]]) {
    const ran = await cli(words, { address: server.address });
    expect([words, ran.code]).toEqual([words, 64]);
    expect(ran.stderr).toContain("hint: add -y to agree");
  }
  expect(daemon.asked).toEqual([]);
});

test("on a terminal they ask, and anything but yes changes nothing", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = { address: server.address, tty: true, env: { NO_COLOR: "1" } };
  const no = await cli(["remove", "web"], { ...at, stdin: "\n" });
  expect(no).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\[y\/N\] .*nothing was changed/s),
  });
  expect(daemon.asked).toEqual([]);
  expect((await cli(["remove", "web"], { ...at, stdin: "yes\n" })).code).toBe(0);
});

test("a question is left with Ctrl-C", async () => {
  await using server = await startServer(fakeDaemon());
  const running = startCli(["gc"], { address: server.address, tty: true });
  await expect.poll(running.stderr).toContain("[y/N]");
  running.interrupt();
  expect(await running.done).toMatchObject({ code: 130 });
});

test("remove says what it freed and what it kept", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const ran = await cli(["remove", "web", "--volumes", "-y"], { address: server.address });
  expect(ran.stderr).toBe("web removed\n  freed container berth-main-web\n  kept  volume web\n");
  expect(daemon.asked).toMatchObject([["remove", { project: "web", removeVolumes: true }]]);
});

test("several at once are one document of results, one alone is its own result", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const ask = async (...words: string[]) => (await cli(words, at)).stdout;
  const two = [{ name: "web" }, { name: "api" }];
  expect(JSON.parse(await ask("pause", "web", "api", "--no-wait", "--json"))).toMatchObject(two);
  const yaml = await ask("pause", "web", "api", "--no-wait", "-o", "yaml");
  expect(load(yaml)).toMatchObject(two);
  const each = await ask("pause", "web", "api", "--no-wait", "-o", "ndjson");
  expect(each.trim().split("\n")).toHaveLength(2);
  expect(JSON.parse(await ask("remove", "web", "api", "web", "-y", "--json"))).toHaveLength(2);
  expect(JSON.parse(await ask("remove", "web", "-y", "--json"))).toMatchObject({ project: "web" });
});

test("what was done before a failure is told all the same", async () => {
  const works = fakeDaemon();
  const daemon = fakeDaemon({
    remove: (request) =>
      request.project === "web"
        ? works.remove(request)
        : Promise.reject(new BerthError("conflict", { code: "loop.not-leader", detail: "gone" })),
  });
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const ran = await cli(["remove", "web", "api", "-y", "--json"], { address: server.address });
  expect(ran.code).toBe(75);
  expect(JSON.parse(ran.stdout)).toHaveLength(1);
  expect(JSON.parse(ran.stderr)).toMatchObject({ code: "loop.not-leader" });
});

test("one name that is not there keeps remove from all of them", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const ran = await cli(["remove", "web", "nobody", "-y"], { address: server.address });
  expect(ran).toMatchObject({ code: 64, stderr: expect.stringMatching(/nobody/) });
  expect(daemon.asked).toEqual([]);
});

test("gc --dry-run only tells, and -y lifts the guard", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect((await cli(["gc", "--dry-run"], at)).stdout).toBe(
    "would remove container berth-main-old\n",
  );
  await cli(["gc", "-y"], at);
  expect(daemon.asked).toMatchObject([
    ["gc", { dryRun: true, force: false }],
    ["gc", { dryRun: false, force: true }],
  ]);
});

test("progress is JSON lines for programs, a redrawn picture on a terminal, and nothing when quiet", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const json = await cli(["start", "web", "--json"], { address: server.address });
  expect(JSON.parse(json.stderr)).toEqual({
    project: "web",
    state: "settled",
    text: "active, healthy, 1 of 1 agents run",
  });
  const tty = await cli(["start", "web"], { address: server.address, tty: true });
  expect(tty.stderr).toContain("\u001B[2K");
  // However narrow the terminal, and whatever was said, each line stays one: the picture is drawn over itself.
  daemon.world = [aProject("web", { reasons: ["said\u001B[2J\nthis, at some length".repeat(20)] })];
  const said = (await cli(["start", "web"], { address: server.address, tty: true })).stderr;
  expect(said).not.toContain("\u001B[2J");
  expect(said).toMatch(/\[\?7l.*✓.* web .*length\n.\[\?7h/);
  expect(
    (await cli(["start", "web", "--progress", "quiet"], { address: server.address })).stderr,
  ).toBe("");
});
