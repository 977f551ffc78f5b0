/** How runs end and begin again: exit codes, signals, restarts, crash loops, health, grace, container death. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { ALWAYS, configOf, docker, healthOf, NO_RESTART, shell, World } from "./harness.ts";

const world = new World("life");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

test("every run ends with its true exit code or signal", async () => {
  const codes = [0, 1, 2, 77, 126, 127, 255];
  const signals = ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGHUP"];
  const agents = [
    ...codes.map((code) => shell(`c${code}`, `exit ${code}`)),
    ...signals.map((signal) => shell(signal.toLowerCase(), `kill -${signal.slice(3)} $$`)),
  ];
  const project = await world.start((name) => configOf(name, agents));
  for (const code of codes) {
    const exited = await project.event("exited", (event) => event.agent === `c${code}`);
    expect(exited).toMatchObject({ code, signal: null });
  }
  for (const signal of signals) {
    const exited = await project.event("exited", (event) => event.agent === signal.toLowerCase());
    expect(exited).toMatchObject({ code: null, signal, oom: false, cause: "self" });
  }
});

test("agents that crash come back with no daemon there, until their budget is used up", async () => {
  const restart = { ...ALWAYS, mode: "on-failure" as const, max: 3, backoffMs: 10 };
  const project = await world.start((name) =>
    configOf(name, [
      shell("crash", "echo tried; exit 4", { restart }),
      shell("well", "exit 0", { restart }),
    ]),
  );
  expect(await project.event("crash-loop")).toMatchObject({ agent: "crash", failures: 4 });
  await project.event("exited", (event) => event.agent === "well");
  const events = await project.journal();
  const runs = events.flatMap((event) =>
    event.kind === "started" && event.agent === "crash" ? [event.run] : [],
  );
  expect(new Set(runs).size).toBe(4);
  const ends = events.flatMap((event) =>
    event.kind === "exited" && event.agent === "crash" ? [event.run] : [],
  );
  expect(ends).toEqual(runs);
  expect(events.filter((event) => event.kind === "started" && event.agent === "well")).toHaveLength(
    1,
  );
  const client = await project.connect();
  expect(await client.status("crash", (status) => status.state === "crash-loop")).toMatchObject({
    restarts: 3,
  });
  expect(await client.status("well", (status) => status.state === "exited")).toMatchObject({
    lastExit: { code: 0 },
  });
  // An operator's restart is a new life.
  const config = { ...project.config, hash: "again", restartSerials: { crash: 1 } };
  await client.ask({ kind: "configure", epoch: 1, config });
  await eventually(
    "it runs again",
    async () =>
      (await project.journal()).filter(
        (event) => event.kind === "started" && event.agent === "crash",
      ).length > 4,
  );
});

test("a killed agent runs again within milliseconds when its backoff is zero", async () => {
  const project = await world.start((name) =>
    configOf(name, [shell("k", "exec sleep 1000", { restart: { ...ALWAYS, max: 1_000 } })]),
  );
  const gaps: number[] = [];
  for (let round = 1; round <= 9; round += 1) {
    const started = await eventually(
      "a start",
      async () => (await project.journal()).filter((event) => event.kind === "started")[round - 1],
    );
    const host = (await project.processes()).find((line) => line.includes("sleep 1000"));
    process.kill(Number(host?.split(" ")[0]), "SIGKILL");
    const exited = await project.event("exited", (event) => event.run === started.run);
    const next = await project.event("started", (event) => event.seq > exited.seq);
    expect(exited).toMatchObject({ signal: "SIGKILL", oom: false, cause: "self" });
    gaps.push(next.at - exited.at);
  }
  // The goal is 20 ms on a quiet machine, kill to running; this bound only catches a policy that waits.
  expect(gaps.toSorted((a, b) => a - b)[4]).toBeLessThan(500);
});

test("ready comes with the first passed health check; illness restarts by policy, or stays when there is none", async () => {
  const script = (name: string): string => `touch /tmp/${name}; exec sleep 1000`;
  const health = (name: string): ReturnType<typeof healthOf> =>
    healthOf(`test -f /tmp/${name} || { echo gone >&2; exit 1; }`, { startPeriodMs: 10_000 });
  const project = await world.start((name) =>
    configOf(name, [
      shell("h", script("h"), { health: health("h"), restart: ALWAYS, stopGraceMs: 500 }),
      shell("n", script("n"), { health: health("n"), restart: NO_RESTART }),
      shell("slow", "sleep 1000", { health: healthOf("sleep 1000", { timeoutMs: 200 }) }),
    ]),
  );
  const first = await project.event("ready", (event) => event.agent === "h");
  await project.event("ready", (event) => event.agent === "n");
  const { marker, uid, gid } = await ticketOf();
  await docker("exec", "-u", `${uid}:${gid}`, project.container, "rm", "/tmp/h", "/tmp/n");
  expect(marker).toBeGreaterThan(0);
  expect(await project.event("unhealthy", (event) => event.agent === "h")).toMatchObject({
    reason: "exit code 1: gone",
  });
  expect(await project.event("exited", (event) => event.agent === "h")).toMatchObject({
    run: first.run,
    cause: "unhealthy",
  });
  await project.event("ready", (event) => event.agent === "h" && event.run !== first.run);
  const client = await project.connect();
  expect(await client.status("n", (status) => status.state === "unhealthy")).toMatchObject({
    reason: "exit code 1: gone",
  });
  expect(await client.status("slow", (status) => status.state === "unhealthy")).toMatchObject({
    reason: "no answer in 200 ms",
  });
  const leftovers = (await project.processes()).filter((line) => line.includes("sleep 1000"));
  // h, n, slow; at most one check of `slow` is going on.
  expect(leftovers.length).toBeLessThanOrEqual(4);

  async function ticketOf() {
    const asking = await project.connect();
    const reply = await asking.ask({ kind: "exec-open", epoch: 1, agent: "h" });
    if (!reply.ok || reply.ticket === null) throw new Error("no ticket");
    return reply.ticket;
  }
});

test("stop gives the grace to end well, and docker stop ends all agents at once", async () => {
  const polite = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done";
  const project = await world.start((name) =>
    configOf(name, [
      shell("polite", polite, { stopGraceMs: 10_000 }),
      shell("deaf", "trap '' TERM; echo up; while :; do sleep 0.1; done", { stopGraceMs: 1_000 }),
    ]),
  );
  for (const name of ["polite", "deaf"]) {
    const { run } = await project.event("started", (event) => event.agent === name);
    await eventually("its trap is set", async () => (await project.output(run)) !== "");
  }
  await docker("stop", project.container);
  const ends = (await project.journal()).filter((event) => event.kind === "exited");
  expect(ends).toHaveLength(2);
  expect(ends.find((event) => event.agent === "polite")).toMatchObject({
    code: 3,
    cause: "shutdown",
  });
  expect(ends.find((event) => event.agent === "deaf")).toMatchObject({
    signal: "SIGKILL",
    cause: "shutdown",
    oom: false,
  });
  expect(await project.outputOf("polite")).toBe("up\nbye\n");
  expect(await docker("inspect", "-f", "{{.State.ExitCode}}", project.container)).toBe("0");
});

test("runs that die with the container are lost, the sequence goes on, and agents start again", async () => {
  const project = await world.start((name) =>
    configOf(name, [shell("a", "echo hi; exec sleep 1000")]),
  );
  const { run } = await project.event("ready");
  await eventually("its word", async () => (await project.output(run)) === "hi\n");
  await docker("kill", project.container);
  await docker("start", project.container);
  expect(await project.event("lost")).toMatchObject({ run, agent: "a", reason: "container died" });
  await project.event("started", (event) => event.run !== run);
  const events = await project.journal();
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.boot)).size).toBe(2);
  expect(await project.output(run)).toBe("hi\n");
});

test("restarts are counted on over the deaths of the container, and from nothing after a stop", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]));
  const restarts = async (): Promise<number> => {
    const client = await project.connect();
    const { restarts: count } = await client.status("a", ({ state }) => state === "running");
    client.close();
    return count;
  };
  const again = async (end: "kill" | "stop"): Promise<void> => {
    await docker(end, project.container);
    await docker("start", project.container);
  };
  expect(await restarts()).toBe(0);
  await again("kill");
  expect(await restarts()).toBe(1);
  await again("kill");
  expect(await restarts()).toBe(2);
  await again("stop");
  expect(await restarts()).toBe(0);
});

test("frozen time counts for nothing: neither grace nor health deadlines pass in it", async () => {
  const health = healthOf("sleep 0.3", { timeoutMs: 1_500, retries: 1, intervalMs: 50 });
  const project = await world.start((name) =>
    configOf(name, [shell("h", "exec sleep 1000", { health, restart: ALWAYS })]),
  );
  await project.event("ready");
  await docker("pause", project.container);
  const frozenAt = performance.now();
  await eventually("four seconds have passed", () => performance.now() - frozenAt > 4_000);
  await docker("unpause", project.container);
  const client = await project.connect();
  const thawedAt = Date.now();
  expect(await client.ask({ kind: "thawed", epoch: 1, frozenMs: 4_000 })).toMatchObject({
    ok: true,
  });
  await client.frame("status", (frame) => (frame.sample?.at ?? 0) > thawedAt);
  const kinds = (await project.journal()).map((event) => event.kind);
  expect(kinds).toEqual(["boot", "started", "ready"]);
});

test("when the runner itself is killed its container dies with everything in it, at once", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]));
  await project.event("ready");
  const runner = (await project.processes()).find((line) => /^\d+ +\/\.berth\/node/.test(line));
  process.kill(Number(runner?.split(" ")[0]), "SIGKILL");
  await eventually("the container is gone", async () => !(await project.isRunning()));
  expect(await docker("inspect", "-f", "{{.State.ExitCode}}", project.container)).toBe("137");
});
