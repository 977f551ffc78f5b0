/** Ending an agent ends everything it ever started, whatever that does to stay. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { agent, configOf, shell, VERSION, worker, World } from "./harness.ts";
import type { Project } from "./harness.ts";
import { order } from "./task-client.ts";

const world = new World("tree");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

const STAY = "trap '' TERM HUP INT; while :; do sleep 1000; done";
/** Each line leaves something behind that its parent does not know any more. */
const ZOO = `
cat >/tmp/stay <<'X'
${STAY}
X
(sh /tmp/stay &)
((sh /tmp/stay &) &)
setsid sh /tmp/stay &
setsid -f sh /tmp/stay
nohup sh /tmp/stay >/dev/null 2>&1 &
env -i /bin/sh /tmp/stay &
setsid env -i /bin/sh -c 'cd /; umask 0; exec >/dev/null 2>&1 </dev/null; (setsid /bin/sh /tmp/stay &)' &
perl -e 'exit if fork; use POSIX; POSIX::setsid(); exit if fork; $0 = "innocent"; $SIG{TERM} = "IGNORE"; sleep 1000 while 1' &
until [ $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o '/tmp/stay' | wc -l) -ge 7 ]; do :; done
`;

/** Forks without end, also when the limit refuses; its main process leaves them to it. */
const BOMB = "if (!fork) { fork while 1 } select undef, undef, undef, 0.5; exit 9";

const PYTHON = process.env["BERTH_IMAGE_AGENT_NODE"] ?? `berth/agent-node:${VERSION}`;
/** Becomes what looks like a zombie: its first thread ends (60 is exit on x86-64, 93 elsewhere), and another one goes on. */
const HEADLESS = `
import ctypes, os, signal, threading, time
def go_on():
    while True: time.sleep(1000)
def lose_head():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=go_on).start()
    print("headless", flush=True)
    ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
`;

/** Only the runner and its init are left; a zombie would show as defunct. */
async function onlyRunnerLeft(project: Project): Promise<void> {
  const alive = await project.processes();
  expect(alive.filter((line) => !line.includes("/.berth/"))).toEqual([]);
}

test("no survivor of double fork, setsid, nohup, env -i and ignored signals when the main process ends by itself", async () => {
  const project = await world.start((name) => configOf(name, [shell("zoo", `${ZOO}\nexit 5`)]));
  const exited = await project.event("exited");
  expect(exited).toMatchObject({ code: 5, cause: "self" });
  expect(exited.survivors).toBeGreaterThanOrEqual(8);
  await onlyRunnerLeft(project);
});

test("stopping an agent ends its tree after the grace, although all of it ignores SIGTERM", async () => {
  const project = await world.start((name) =>
    configOf(name, [shell("zoo", `trap '' TERM; ${ZOO}\necho up; ${STAY}`, { stopGraceMs: 300 })]),
  );
  const started = await project.event("started");
  await eventually("the zoo is up", async () => (await project.output(started.run)) === "up\n");
  const client = await project.connect();
  await client.ask({ kind: "configure", epoch: 1, config: configOf(project.config.project, []) });
  expect(await project.event("exited")).toMatchObject({
    signal: "SIGKILL",
    cause: "stop",
    oom: false,
  });
  await onlyRunnerLeft(project);
});

test("a fork bomb at the pids limit is ended within seconds while another agent goes on", async () => {
  const project = await world.start(
    (name) =>
      configOf(name, [
        shell(
          "beat",
          `exec perl -e '$| = 1; while (1) { print "beat\n"; select undef, undef, undef, 0.1 }'`,
        ),
        agent("bomb", ["perl", "-e", BOMB]),
      ]),
    { pids: 96 },
  );
  const exited = await project.event("exited", (event) => event.agent === "bomb", 30_000);
  expect(exited.survivors).toBeGreaterThan(10);
  const left = (await project.processes()).filter((line) => !line.includes("/.berth/"));
  expect(left).toEqual([expect.stringContaining("beat")]);
  const beat = await project.event("started", (event) => event.agent === "beat");
  const before = (await project.output(beat.run)).length;
  await eventually(
    "it still beats",
    async () => (await project.output(beat.run)).length > before + 10,
  );
  expect(await project.isRunning()).toBe(true);
});

test("a process whose first thread has ended is killed like any other: left behind, past its time, or stopped", async () => {
  const python = (script: string): readonly string[] => ["python3", "-c", `${HEADLESS}${script}`];
  const stays = python("lose_head()");
  const leaves = python(`
child = os.fork()
if child == 0: lose_head()
while "(zombie)" not in open(f"/proc/{child}/status").read(): pass
os._exit(5)`);
  const agents = [agent("leaver", leaves), agent("stayer", stays, { stopGraceMs: 200 })];
  const late = worker("late", stays, { stopGraceMs: 200 });
  const project = await world.start((name) => configOf(name, [...agents, late]), { image: PYTHON });
  const left = await project.event("exited", ({ agent: name }) => name === "leaver");
  expect(left).toMatchObject({ code: 5, survivors: 1 });

  const client = await project.connect();
  const { run } = await order(client, { agent: "late", timeoutMs: 500 });
  const timedOut = await project.event("exited", (event) => event.run === run);
  expect(timedOut).toMatchObject({ signal: "SIGKILL", cause: "timeout" });

  const { run: stayer } = await project.event("started", ({ agent: name }) => name === "stayer");
  await eventually("it is headless", async () => (await project.output(stayer)) === "headless\n");
  await client.ask({ kind: "configure", epoch: 1, config: configOf(project.config.project, []) });
  const stopped = await project.event("exited", (event) => event.run === stayer);
  expect(stopped).toMatchObject({ signal: "SIGKILL", cause: "stop" });
  await onlyRunnerLeft(project);
});
