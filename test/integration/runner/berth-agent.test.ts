/** `berth-agent`: what a task says of itself reaches the daemon, from any image, and from nobody else. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configOf, shell, worker, World } from "./harness.ts";
import { order, runToEnd } from "./task-client.ts";

const world = new World("say");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bt-"));
  await world.setUp();
});
afterAll(async () => {
  await world.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Our busybox as the shell: the image need not have one. */
const say = (name: string, script: string) =>
  worker(name, ["/.berth/bin/busybox", "sh", "-c", script]);

test("in an image with nothing in it: progress, note, result and the task itself", async () => {
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  await writeFile(join(scratch, "nothing"), "");
  const image = await world.importImage("say-scratch", scratch);
  const script = `
    berth-agent progress 0.4 reading two words
    berth-agent note "halfway
    there"
    berth-agent task | berth-agent result -`;
  const project = await world.start((name) => configOf(name, [say("s", script)]), { image });
  const client = await project.connect();
  const { run, task } = await order(client, { agent: "s", payload: { a: [1] } });
  const exited = await project.event("exited");
  expect(exited).toMatchObject({ run, code: 0 });
  const told = { id: task, run, attempt: 1, project: project.config.project, agent: "s" };
  expect(exited.result).toEqual({ ...told, payload: { a: [1] } });
  expect(await project.event("note")).toMatchObject({ run, text: "halfway     there" });
  const progress = await client.frame("progress");
  expect(progress).toMatchObject({ run, fraction: 0.4, text: "reading two words" });
  const kinds = (await project.journal()).map((event) => event.kind);
  expect(kinds).toEqual(["boot", "started", "note", "exited"]);
});

test("a result of 256 KiB comes through, also from a child that closed every descriptor; a larger one is refused there", async () => {
  const script = `
    { printf '"'; head -c 262142 /dev/zero | tr '\\0' x; printf '"'; } > /tmp/r
    berth-agent result /tmp/r 3>&- || exit 1
    { cat /tmp/r; printf ' '; } > /tmp/more
    berth-agent result /tmp/more; echo "more $?"
    berth-agent result /tmp/none; echo "none $?"`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const exited = await runToEnd(project, client, { agent: "s" });
  expect(exited.result).toBe("x".repeat(262_142));
  expect(await project.output(exited.run)).toBe("more 65\nnone 66\n");
});

test("two tasks that speak at once are not mixed up", async () => {
  const script = `
    n=$(cat)
    for i in 1 2 3 4 5 6 7 8; do berth-agent note "$n says $i"; done
    { printf '"'; head -c 100000 /dev/zero | tr '\\0' "$n"; printf '"'; } | berth-agent result -`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const ends = await Promise.all(
    [1, 2, 3, 4].map((payload) => runToEnd(project, client, { agent: "s", payload })),
  );
  const events = await project.journal();
  ends.forEach(({ run, result }, index) => {
    const n = String(index + 1);
    expect(result).toBe(n.repeat(100_000));
    const notes = events.flatMap((event) =>
      event.kind === "note" && event.run === run ? [event.text] : [],
    );
    expect(notes).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `${n} says ${i}`));
  });
});

test("progress is told five times a second at most, and the last word always", async () => {
  const script = `i=10; while [ $i -lt 90 ]; do berth-agent progress 0.$i "step $i"; i=$((i + 1)); done; berth-agent progress 1`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { durationMs } = await runToEnd(project, client, { agent: "s" });
  await client.frame("progress", (frame) => frame.fraction === 1);
  const told = client.frames.filter((frame) => frame.kind === "progress");
  expect(told.length).toBeLessThanOrEqual(durationMs / 200 + 2);
  expect(told.length).toBeLessThan(81);
});

test("who is no task, or says nonsense, is told so with 64", async () => {
  const script = `
    berth-agent note hi; echo $?
    berth-agent; echo $?`;
  const nonsense = `
    for f in 2 -1 x 0.x 1.5 ''; do berth-agent progress "$f"; echo $?; done
    berth-agent note; echo $?
    berth-agent shout; echo $?`;
  const project = await world.start((name) =>
    configOf(name, [shell("service", script), say("s", nonsense)]),
  );
  const client = await project.connect();
  const { run } = await runToEnd(project, client, { agent: "s" });
  expect(await project.output(run)).toBe("64\n".repeat(8));
  expect(await project.outputOf("service")).toBe("64\n64\n");
  const service = await project.event("exited", (event) => event.agent === "service");
  expect(await project.output(service.run, "stderr")).toContain("this process belongs to no task");
});

test("another user of the same project cannot speak in a task's name, and garbage in the FIFO does no harm", async () => {
  const project = await world.start((name) =>
    configOf(name, [
      say("s", "while [ ! -e /tmp/go ]; do sleep 0.05; done; berth-agent note mine"),
      worker(
        "other",
        [
          "sh",
          "-c",
          `run=$(tr -d \\" ); echo "note $run forged" > /run/.berth-task/voice-10001 || echo refused
           echo "note $run forged" > "$BERTH_AGENT_FIFO"; head -c 20000 /dev/urandom > "$BERTH_AGENT_FIFO"
           printf 'part\\nnote\\nprogress x\\n\\n' > "$BERTH_AGENT_FIFO"; touch /tmp/go`,
        ],
        { user: "10002" },
      ),
    ]),
  );
  const client = await project.connect();
  const victim = await order(client, { agent: "s" });
  const forger = await runToEnd(project, client, { agent: "other", payload: victim.run });
  expect(await project.output(forger.run)).toContain("refused");
  await project.event("exited", (event) => event.run === victim.run);
  const notes = (await project.journal()).filter((event) => event.kind === "note");
  expect(notes).toMatchObject([{ run: victim.run, text: "mine" }]);
});
