/** `berth-agent ask`: a question gets into the journal, its answer to the asker, once, and to nobody else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JournalEvent } from "../../../src/model/run.ts";
import type { Client } from "./client.ts";
import { eventually } from "./eventually.ts";
import { configOf, docker, shell, worker, World } from "./harness.ts";
import type { Project } from "./harness.ts";
import { order } from "./task-client.ts";

type Asked = Extract<JournalEvent, { kind: "asked" }>;

const world = new World("ask");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

const say = (name: string, script: string, more: Parameters<typeof worker>[2] = {}) =>
  worker(name, ["/.berth/bin/busybox", "sh", "-c", script], more);

const reply = (client: Client, { run, question }: Asked, text: string) =>
  client.ask({ kind: "answer", epoch: 1, run, question, text });

const asked = (project: Project, text: string): Promise<Asked> =>
  project.event("asked", (event) => event.text === text);

async function kinds(project: Project): Promise<readonly string[]> {
  return (await project.journal()).map(({ kind }) => kind);
}

/** What of questions is left in the container's tmpfs. */
const left = (project: Project): Promise<string> =>
  docker("exec", project.container, "sh", "-c", "ls -A /run/.berth-task | grep -v ^voice- || true");

test("a task asks and waits: its question is journalled, the answer is printed whole, and nothing is left behind", async () => {
  const script = `
    berth-agent ask --wait "Deploy to the farm?
Second line: \\"quoted\\", ünï" --choices yes,no,later > /tmp/a; echo "code $?"
    cat /tmp/a | wc -c; head -c 5 /tmp/a`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { run, task } = await order(client, { agent: "s" });
  const question = await project.event("asked");
  expect(question).toMatchObject({
    run,
    task,
    agent: "s",
    replica: 0,
    text: 'Deploy to the farm?\nSecond line: "quoted", ünï',
    choices: ["yes", "no", "later"],
    waits: true,
  });
  const answer = `yes, ${"x".repeat(65_531)}`;
  expect(await reply(client, question, answer)).toMatchObject({ ok: true });
  expect(await project.event("exited")).toMatchObject({ code: 0 });
  expect(await project.output(run)).toBe(`code 0\n${answer.length + 1}\nyes, `);
  expect(await kinds(project)).toEqual(["boot", "started", "asked", "answered", "exited"]);
  expect(await left(project)).toBe("");
});

test("a service asks too, and so does a descendant without descriptors", async () => {
  const script = `(setsid sh -c 'berth-agent ask --wait "Which branch?"; sleep 1000' 3>&- </dev/null) & wait`;
  const project = await world.start((name) => configOf(name, [shell("beat", script)]));
  const client = await project.connect();
  const question = await project.event("asked");
  expect(question).toMatchObject({ agent: "beat", replica: 0, text: "Which branch?", choices: [] });
  expect(question.task).toBeUndefined();
  await reply(client, question, "main");
  await eventually("the answer", async () => (await project.output(question.run)) === "main\n");
});

test("an answer told twice is given once, and one for nobody is no fault", async () => {
  const script = `berth-agent ask --wait one; berth-agent ask --wait two`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "s" });
  const one = await asked(project, "one");
  await reply(client, one, "first");
  const two = await asked(project, "two");
  expect(await reply(client, one, "again")).toMatchObject({ ok: true });
  client.close();
  // Another daemon, which cannot know what its predecessor's line carried.
  const next = await project.connect(2);
  next.send({ kind: "answer", id: 1, epoch: 1, run, question: two.question, text: "stale" });
  expect(await next.frame("reply", ({ id }) => id === 1)).toMatchObject({
    ok: false,
    code: "runner.epoch-stale",
  });
  for (const id of [2, 3])
    next.send({ kind: "answer", id, epoch: 2, run, question: two.question, text: "second" });
  expect(await next.frame("reply", ({ id }) => id === 3)).toMatchObject({ ok: true });
  await project.event("exited");
  expect(await project.output(run)).toBe("first\nsecond\n");
  expect((await kinds(project)).filter((kind) => kind === "answered")).toHaveLength(2);
  const unknown = { run: "gone", question: two.question, text: "x" };
  next.send({ kind: "answer", id: 4, epoch: 2, ...unknown });
  expect(await next.frame("reply", ({ id }) => id === 4)).toMatchObject({ ok: true });
});

test("without --wait the question's key is printed, and the answer is fetched with it later, once", async () => {
  const script = `
    key=$(berth-agent ask "Later?") || exit 1
    berth-agent answer "$key"; echo "early $?"
    berth-agent answer "$key" --wait --timeout 1; echo "late $?"
    berth-agent answer "$key" --wait
    berth-agent answer "$key"; echo "again $?"`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "s" });
  const question = await project.event("asked");
  expect(question.waits).toBe(false);
  await eventually("it waits for ever", async () =>
    (await project.output(run)).includes("late 75"),
  );
  await reply(client, question, "now");
  await project.event("exited");
  expect(await project.output(run)).toBe("early 75\nlate 75\nnow\nagain 64\n");
});

test("who waits no longer takes the question back: past its time with 75, and when it is killed", async () => {
  const script = `
    berth-agent ask "Soon?" --wait --timeout 1; echo "code $?"
    berth-agent ask "Never?" --wait & waiting=$!
    while ! grep -q . /tmp/go; do sleep 0.05; done
    kill $waiting; wait $waiting; echo "killed $?"`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "s" });
  const soon = await asked(project, "Soon?");
  await project.event("withdrawn", ({ question }) => question === soon.question);
  const never = await asked(project, "Never?");
  await docker("exec", project.container, "sh", "-c", "echo go > /tmp/go");
  expect(
    await project.event("withdrawn", ({ question }) => question === never.question),
  ).toMatchObject({ run, reason: "its asker no longer waits" });
  await project.event("exited");
  expect(await project.output(run)).toBe("code 75\nkilled 130\n");
  expect(await reply(client, soon, "too late")).toMatchObject({ ok: true });
  expect(await kinds(project)).not.toContain("answered");
});

test("a run has at most 8 open questions, of at most 4 KiB, and is told so; its end frees everything", async () => {
  const script = `
    big=$(head -c 4096 /dev/zero | tr '\\0' x)
    berth-agent ask "$big" >/dev/null || exit 1
    berth-agent ask "\${big}x"; echo "big $?"
    for i in 2 3 4 5 6 7 8; do berth-agent ask "n $i" >/dev/null || exit 1; done
    berth-agent ask "n 9"; echo "nine $?"
    berth-agent ask; echo "none $?"
    berth-agent ask a b; echo "two $?"
    berth-agent ask a --timeout 5; echo "pointless $?"
    berth-agent ask a --wait --timeout soon; echo "soon $?"
    berth-agent ask a --choices ,; echo "nine again $?"
    berth-agent withdraw ../../etc/passwd; echo "path $?"`;
  const project = await world.start((name) => configOf(name, [say("s", script)]));
  const client = await project.connect();
  const { run } = await order(client, { agent: "s" });
  await project.event("exited");
  expect(await project.output(run)).toBe(
    "big 65\nnine 73\nnone 64\ntwo 64\npointless 64\nsoon 64\nnine again 73\npath 64\n",
  );
  expect(await project.output(run, "stderr")).toContain("8 questions of this run are open");
  const questions = (await project.journal()).flatMap((event) =>
    event.kind === "asked" ? [event.text.length] : [],
  );
  expect(questions).toEqual([4_096, 3, 3, 3, 3, 3, 3, 3]);
  expect(await left(project)).toBe("");
});

test("another user of the project can neither read an answer, nor answer, nor take a question back", async () => {
  const spy = `
    while ! grep -q . /tmp/key; do sleep 0.05; done
    read run key < /tmp/key; d=\${BERTH_AGENT_FIFO%/*}
    ls $d; cat $d/re-$key; echo x > $d/ask-$key; echo x > $d/re-$key
    echo "withdraw $run $key" > $BERTH_AGENT_FIFO
    echo "withdraw $run $key" > $d/voice-10001
    echo spied`;
  const project = await world.start((name) =>
    configOf(name, [
      say("s", 'berth-agent ask --wait "Password?"; sleep 1000'),
      shell("spy", spy, { user: "4242" }),
    ]),
  );
  const client = await project.connect();
  const { run } = await order(client, { agent: "s" });
  const question = await project.event("asked");
  await docker(
    "exec",
    project.container,
    "sh",
    "-c",
    `echo ${run} ${question.question} > /tmp/key`,
  );
  await eventually("spied", async () => (await project.outputOf("spy")).includes("spied"));
  expect(await project.outputOf("spy")).toBe("spied\n");
  await reply(client, question, "secret");
  await eventually("the answer", async () => (await project.output(run)) === "secret\n");
  expect(await kinds(project)).not.toContain("withdrawn");
});

test("what is in no agent's run has nobody to ask for it", async () => {
  const project = await world.start((name) => configOf(name, [shell("beat", "sleep 1000")]));
  await project.event("ready");
  const ask = ["exec", project.container, "/.berth/bin/berth-agent", "ask", "hello"];
  await expect(docker(...ask)).rejects.toMatchObject({ code: 64 });
});
