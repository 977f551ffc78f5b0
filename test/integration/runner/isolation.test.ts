/** What agents cannot do to the runner and its spool, and how a death by memory is told. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { configOf, docker, shell, World } from "./harness.ts";
import type { Project } from "./harness.ts";

const world = new World("iso");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

/** Its shell has become what it was to become. */
const sleeps = async (project: Project): Promise<boolean> =>
  (await project.processes()).some((line) => /^\d+ +sleep 1000$/.test(line));

test("an agent can neither read nor forge the spool, nor signal the runner, nor gain or drop a group", async () => {
  const attempts = [
    "ls /run/berth",
    "cat /run/berth/desired.json",
    "echo x >/run/berth/journal/acked",
    'perl -MSocket -e \'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un("/run/berth/control.sock")) or die "$!\\n"\'',
    "kill -9 1",
    "kill -9 $(grep -l runner.js /proc/[0-9]*/cmdline | head -1 | cut -d/ -f3)",
    "cat /proc/1/environ",
    "echo x >/.berth/x",
    "ls /proc/$PPID/fd",
    // Its parent is the launcher.
    "kill -9 $PPID",
    "kill -STOP $PPID",
    "ls -l /proc/$PPID/fd/3",
    "cat /proc/$PPID/environ",
    "cat /proc/$PPID/mem",
    "perl -e 'exit(syscall(101, 16, $ARGV[0] + 0, 0, 0) == 0 ? 0 : 1)' $PPID",
    "echo x >/proc/$PPID/fd/3",
    "echo x >/.berth/launcher",
    // Left open by whoever started it; 3 is the folder's own.
    "ls /proc/self/fd | grep -vE '^[0-3]$'",
    'perl -e \'$) = "10001 10001"; die "$!\\n" if $!\'',
    "mkdir /run/x",
    "mv /run/secrets /run/y",
  ];
  const script = attempts
    .map((attempt) => `(${attempt}) >/dev/null 2>&1 && echo '${attempt.replaceAll("'", "")}'`)
    .join("\n");
  const project = await world.start((name) =>
    configOf(name, [shell("evil", `${script}\necho done`)]),
  );
  expect(await project.outputOf("evil")).toBe("done\n");
  expect(await project.isRunning()).toBe(true);
});

test("who starts with uid 0, or without a group, is refused by the launcher itself", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]));
  await project.event("ready");
  const as = (identity: string): Promise<string> =>
    docker(
      "exec",
      project.container,
      "/.berth/launcher",
      "as",
      identity,
      "/",
      "--",
      "/bin/id",
      "-u",
    );
  expect(await as("5:6")).toBe("5");
  for (const refused of [
    "0:6",
    "5",
    "5:",
    "a:b",
    "-1:5",
    "4294967295:5",
    "5:4294967295",
    "5:6:x",
  ]) {
    await expect(as(refused)).rejects.toThrow(/launcher: usage|not permitted/);
  }
});

test("when the launcher ends, the container ends, and the runs are lost, not left alone", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]));
  const { run } = await project.event("started");
  await eventually("it sleeps", () => sleeps(project));
  const parent = `/proc/$(grep -l '^sleep' /proc/[0-9]*/cmdline | head -1 | cut -d/ -f3)/status`;
  const kill = `kill -9 $(sed -n 's/^PPid:[^0-9]*//p' ${parent})`;
  await docker("exec", project.container, "sh", "-c", kill);
  await eventually("the container's end", async () => !(await project.isRunning()));
  expect(await docker("logs", project.container)).toBe("");
  await docker("start", project.container);
  expect(await project.event("lost")).toMatchObject({ run, agent: "a" });
});

test("every end is told exactly: codes, signals, real-time ones, a core dump, and 127 of the command's own", async () => {
  const ends = ["exit 0", "exit 255", "exit 127", "kill -TERM $$", "kill -SEGV $$", "kill -40 $$"];
  const project = await world.start((name) =>
    configOf(
      name,
      ends.map((script, index) => shell(`e${index}`, script)),
    ),
  );
  const told: unknown[] = [];
  for (const index of ends.keys()) {
    const { code, signal } = await project.event("exited", ({ agent }) => agent === `e${index}`);
    told.push(code ?? signal);
  }
  expect(told).toEqual([0, 255, 127, "SIGTERM", "SIGSEGV", "SIG40"]);
});

test("a process killed for memory is named when it is the main one; otherwise the victim is unknown", async () => {
  const eat = "perl -e '$x = \"a\" x (1 << 20); push @y, $x . $_ for 1 .. 500'";
  const project = await world.start((name) => configOf(name, [shell("eater", `exec ${eat}`)]), {
    memory: "96m",
  });
  expect(await project.event("exited")).toMatchObject({
    agent: "eater",
    signal: "SIGKILL",
    oom: true,
    cause: "self",
  });
  expect(await project.isRunning()).toBe(true);

  const child = await world.start(
    (name) => configOf(name, [shell("parent", `${eat} || true; exec sleep 1000`)]),
    { memory: "96m" },
  );
  expect(await child.event("oom", () => true, 30_000)).toMatchObject({ count: 1 });
  expect((await child.journal()).filter((event) => event.kind === "exited")).toEqual([]);

  // A SIGKILL from elsewhere is no death by memory.
  const killed = await world.start((name) => configOf(name, [shell("a", "kill -9 $$")]));
  expect(await killed.event("exited")).toMatchObject({ signal: "SIGKILL", oom: false });
});

test("the kernel prefers agents to the runner when memory runs out", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]));
  await eventually("it sleeps", () => sleeps(project));
  const scores = new Map<string, number>();
  for (const line of await project.processes()) {
    const [pid = "", ...words] = line.split(/\s+/);
    scores.set(words[0] ?? "", Number(await readFile(`/proc/${pid}/oom_score_adj`, "utf8")));
  }
  expect(scores.get("/.berth/node")).toBe(300);
  expect(scores.get("sleep")).toBe(400);
});
