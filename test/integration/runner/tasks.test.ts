/** A task's process gets its payload, hands back its result, and ends exactly once, however it ends. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { configOf, docker, shell, worker, World } from "./harness.ts";
import { order, runToEnd } from "./task-client.ts";

const world = new World("task");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

const sh = (name: string, script: string) => worker(name, ["sh", "-c", script]);

test("the payload is on stdin and in a file for the agent's user alone; the result comes back parsed", async () => {
  const script = `
    cat > /tmp/seen; cmp -s /tmp/seen "$BERTH_TASK_FILE" && echo same
    stat -c '%a %u' "$BERTH_TASK_FILE"
    echo "$BERTH_TASK $BERTH_RUN_ID $BERTH_ATTEMPT $BERTH_REPLICA"
    cat /tmp/seen >&$BERTH_RESULT_FD`;
  const project = await world.start((name) => configOf(name, [sh("echo", script)]));
  const client = await project.connect();
  const payload = { prompt: "grüß dich", list: [1, null, { deep: true }] };
  const { run, task, reply } = await order(client, { agent: "echo", payload });
  expect(reply).toMatchObject({ ok: true });
  const exited = await project.event("exited");
  expect(exited).toMatchObject({ run, agent: "echo", code: 0, cause: "self", result: payload });
  expect(await project.event("started")).toMatchObject({ run, agent: "echo", replica: 0, task });
  expect(await project.output(run)).toBe(`same\n400 10001\n${task} ${run} 1 0\n`);
  const left = await docker("exec", project.container, "ls", "/run/.berth-task");
  expect(left).toBe("voice-10001");
});

test("a payload of 256 KiB arrives whole, and a result of 256 KiB comes back whole", async () => {
  const project = await world.start((name) => configOf(name, [sh("cat", "cat >&3")]));
  const client = await project.connect();
  const payload = "ä".repeat(131_071);
  expect((await runToEnd(project, client, { agent: "cat", payload })).result).toBe(payload);
});

test("what is no result is told as a fault: too large, not JSON, nothing for a database; none is none", async () => {
  const agents = [
    sh("large", "head -c 300000 /dev/zero | tr '\\0' 1 >&3; echo done"),
    sh("text", "echo hello >&3"),
    sh("nul", `printf '{"a":"\\\\u0000"}' >&3`),
    sh("none", "exit 3"),
    sh("failed", "echo '{\"error\":1}' >&3; exit 4"),
  ];
  const project = await world.start((name) => configOf(name, agents));
  const client = await project.connect();
  const ends = await Promise.all(
    agents.map(({ name: agent }) => runToEnd(project, client, { agent })),
  );
  const [large, text, nul, none, failed] = ends;
  expect(large).toMatchObject({ code: 0, resultFault: expect.stringContaining("300000 bytes") });
  expect(text).toMatchObject({ code: 0, resultFault: "the result is not JSON" });
  expect(nul?.resultFault).toContain("character");
  expect(none).toMatchObject({ code: 3 });
  expect(none).not.toHaveProperty("result");
  expect(none).not.toHaveProperty("resultFault");
  expect(failed).toMatchObject({ code: 4, result: { error: 1 } });
});

test("a timeout ends the whole tree: asked first, then by force, and says so", async () => {
  const script = `trap '' TERM; sh -c 'trap "" TERM; (setsid sh -c "sleep 777" &); sleep 777' & sleep 777; sleep 777`;
  const project = await world.start((name) =>
    configOf(name, [
      worker("stubborn", ["sh", "-c", script], { stopGraceMs: 300 }),
      sh("polite", "trap 'exit 9' TERM; sleep 777 & wait"),
    ]),
  );
  const client = await project.connect();
  const stubborn = await runToEnd(project, client, { agent: "stubborn", timeoutMs: 400 });
  expect(stubborn).toMatchObject({ cause: "timeout", signal: "SIGKILL", oom: false });
  expect(stubborn.durationMs).toBeGreaterThanOrEqual(690);
  // long enough for a shell on a busy machine to have set its trap
  const polite = await runToEnd(project, client, { agent: "polite", timeoutMs: 2_000 });
  expect(polite).toMatchObject({ cause: "timeout", code: 9 });
  expect((await project.processes()).filter((line) => line.includes("777"))).toEqual([]);
});

test("a cancelled run ends with cause cancel; cancelling what is unknown or over is success", async () => {
  const project = await world.start((name) => configOf(name, [sh("long", "sleep 777")]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "long" });
  const cancel = () => client.ask({ kind: "cancel-run", epoch: 1, run });
  expect((await cancel()).ok).toBe(true);
  expect(await project.event("exited")).toMatchObject({ run, cause: "cancel", signal: "SIGTERM" });
  expect((await cancel()).ok).toBe(true);
  expect(await client.ask({ kind: "cancel-run", epoch: 1, run: "never" })).toMatchObject({
    ok: true,
  });
});

test("a run that is known is not started again: running, ended, or ended by the container's death", async () => {
  const project = await world.start((name) => configOf(name, [sh("w", "echo once; sleep 777")]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "w" });
  expect((await order(client, { agent: "w", run })).reply.ok).toBe(true);
  await project.event("started");
  const status = await client.frame("status", (frame) => frame.taskRuns.includes(run));
  expect(status.agents).toEqual([]);
  await eventually("its word", async () => (await project.output(run)) === "once\n");
  await docker("kill", project.container);
  await docker("start", project.container);
  expect(await project.event("lost")).toMatchObject({ run, agent: "w" });
  const again = await project.connect();
  expect((await order(again, { agent: "w", run })).reply.ok).toBe(true);
  const other = await order(again, { agent: "w" });
  await project.event("started", (event) => event.run === other.run);
  const ofRun = (await project.journal()).filter((event) => "run" in event && event.run === run);
  expect(ofRun.map((event) => event.kind)).toEqual(["started", "lost"]);
  expect(await project.output(run)).toBe("once\n");
});

test("what cannot be started is a failed start; what may not be started is refused and unknown", async () => {
  const agents = [
    worker("missing", ["/no/such"]),
    shell("service", "sleep 777"),
    sh("ok", "exit 0"),
  ];
  const project = await world.start((name) => configOf(name, agents, { secretNames: ["KEY"] }));
  const client = await project.connect();
  const refused = await order(client, { agent: "ok", run: "later" });
  expect(refused.reply).toMatchObject({ ok: false, code: "runner.task-blocked" });
  await client.ask({ kind: "secrets", epoch: 1, values: { KEY: "eA==" } });
  expect((await runToEnd(project, client, { agent: "ok", run: "later" })).code).toBe(0);
  for (const agent of ["service", "nobody"]) {
    const { reply } = await order(client, { agent });
    expect(reply).toMatchObject({ ok: false, code: "runner.agent-unknown" });
  }
  const { run } = await order(client, { agent: "missing" });
  const failed = await project.event("start-failed");
  expect(failed).toMatchObject({
    run,
    agent: "missing",
    reason: expect.stringContaining("/no/such"),
  });
});

test("tasks end with cause stop when their agent is gone, and with shutdown when the container stops", async () => {
  const agents = [sh("gone", "sleep 777"), sh("kept", "sleep 777")];
  const project = await world.start((name) => configOf(name, agents));
  const client = await project.connect();
  const gone = await order(client, { agent: "gone" });
  const kept = await order(client, { agent: "kept" });
  const config = { ...project.config, hash: "less", agents: agents.slice(1) };
  await client.ask({ kind: "configure", epoch: 1, config });
  expect(await project.event("exited")).toMatchObject({ run: gone.run, cause: "stop" });
  await docker("stop", project.container);
  const last = await project.event("exited", (event) => event.run === kept.run);
  expect(last).toMatchObject({ cause: "shutdown" });
});

test("of runs that end together those that left something behind are told from those that left nothing", async () => {
  const kinds = {
    clean: "exit 0",
    daemon: "(setsid sleep 1000 &)",
    // Reparented twice, and one that is a child of nobody the runner knows from the start. The pipe ends with those between.
    deep: `: $( (sh -c '(sh -c "setsid sleep 1000 >/dev/null & exit" &)' &) ); sleep 0.05`,
    sibling: `perl -e 'syscall(56, 0x8000 | 17, 0, 0, 0, 0) == 0 and exec "sleep", "1000"'`,
  };
  const project = await world.start((name) =>
    configOf(
      name,
      Object.entries(kinds).map(([kind, script]) => sh(kind, script)),
    ),
  );
  const client = await project.connect();
  const runs = Array.from({ length: 40 }, (_, index) => ({
    run: `left-${index}`,
    agent: Object.keys(kinds)[index % 4] ?? "",
  }));
  await Promise.all(runs.map((wish) => order(client, wish)));
  for (const { run, agent } of runs) {
    const exited = await project.event("exited", (event) => event.run === run);
    expect([agent, exited.code, exited.survivors]).toEqual([agent, 0, agent === "clean" ? 0 : 1]);
  }
  const alive = await project.processes();
  expect(alive.filter((line) => !line.includes("/.berth/"))).toEqual([]);
});

test("500 quick tasks, eight at a time, each start once and end once with what they were scripted to", async () => {
  const script = 'read -r n; echo "out $n"; echo "$n" >&3; exit $((n % 3))';
  const project = await world.start((name) => configOf(name, [sh("quick", script)]));
  const client = await project.connect();
  const ids = Array.from({ length: 500 }, (_, index) => `q-${index}`);
  const next = ids.entries();
  const ends = new Set<string>();
  const lane = async (): Promise<void> => {
    for (const [payload, run] of next) {
      const { reply } = await order(client, { agent: "quick", run, payload });
      expect(reply.ok).toBe(true);
      if (payload % 7 === 0) await order(client, { agent: "quick", run, payload });
    }
  };
  client.send({ kind: "resume", after: 0 });
  await Promise.all(Array.from({ length: 8 }, lane));
  await eventually("500 ends", () => {
    for (const frame of client.frames.splice(0))
      if (frame.kind === "event" && frame.event.kind === "exited") ends.add(frame.event.run);
    return ends.size === 500;
  });
  const events = await project.journal();
  const started = events.flatMap((event) => (event.kind === "started" ? [event.run] : []));
  expect(started.toSorted()).toEqual(ids.toSorted());
  const exited = events.flatMap((event) => (event.kind === "exited" ? [event] : []));
  expect(exited).toHaveLength(500);
  for (const { run, code, result } of exited) {
    const n = Number(run.slice(2));
    expect([code, result]).toEqual([n % 3, n]);
  }
  expect(await project.output("q-123")).toBe("out 123\n");
}, 120_000);

test("words and results said in empty pieces without end leave the runner its memory", async () => {
  // As much as filled its heap, which is 64 MiB, when each piece was kept by itself.
  const say = (word: string) => `perl -e '
    open my $voice, ">", $ENV{BERTH_AGENT_FIFO};
    my $line = "${word} $ENV{BERTH_RUN_ID} ${"0".repeat(32)} \n";
    syswrite $voice, $line x int(4096 / length $line) for 1..15000'`;
  const agents = [sh("parts", say("part")), sh("words", say("words"))];
  const project = await world.start((name) => configOf(name, agents));
  const client = await project.connect();
  const ends = agents.map(({ name }) =>
    runToEnd(project, client, { agent: name, deadlineMs: 50_000 }),
  );
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual([0, 0]);
  expect(await project.isRunning()).toBe(true);
}, 60_000);
