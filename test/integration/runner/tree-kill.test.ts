/** Ending an agent ends everything it ever started, whatever that does to stay. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { agent, configOf, shell, World } from "./harness.ts";
import type { Project } from "./harness.ts";

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
