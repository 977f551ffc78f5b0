/** What agents cannot do to the runner and its spool, and how a death by memory is told. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configOf, shell, World } from "./harness.ts";

const world = new World("iso");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

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
    "ls /run/.berth-fifo",
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
  await project.event("ready");
  const scores = new Map<string, number>();
  for (const line of await project.processes()) {
    const [pid = "", ...words] = line.split(/\s+/);
    scores.set(words[0] ?? "", Number(await readFile(`/proc/${pid}/oom_score_adj`, "utf8")));
  }
  expect(scores.get("/.berth/ld.so") ?? scores.get("/.berth/node")).toBe(300);
  expect(scores.get("sleep")).toBe(400);
});
