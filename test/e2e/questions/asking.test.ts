/** Asking a person: a question reaches whoever looks, the answer the process that waits, whatever happens to the daemon meanwhile. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectView } from "../../../src/model/view.ts";
import type { QuestionRecord } from "../../../src/model/question.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const PROJECTS = `  web:
    limits: { agents: 4, memory: 128MiB }
    agents:
      beat:
        command: [/bin/sh, -c, 'echo "beat got $(berth-agent ask --wait "Which branch?")"; sleep 1000']
        stop_grace_period: 1s
      coder:
        command: [/bin/sh, -c, 'p=$(cat); case "$p" in *later*) k=$(berth-agent ask "Later?"); echo "key $k"; berth-agent answer "$k" --wait --timeout 1h;; *alone*) while [ ! -e /tmp/go ]; do sleep 0.1; done; berth-agent ask --wait "Anybody there?";; *) berth-agent ask --wait "Deploy $p?" --choices yes,no || echo "code $?";; esac']
        on: task
        max: 3
        timeout: 10m
        stop_grace_period: 1s
`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(PROJECTS));
});
afterAll(() => stack.close());

const submit = async (payload: string): Promise<string> => {
  const words = ["run", "web", "coder", "--payload", JSON.stringify(payload), "--detach"];
  return (await stack.ok(...words)).trim().split(/\s+/).at(-1) ?? "";
};
const open = (): Promise<readonly QuestionRecord[]> =>
  stack.json<readonly QuestionRecord[]>("answer");
const asked = (text: string): Promise<QuestionRecord> =>
  eventually(`somebody asks ${text}`, async () =>
    (await open()).find((question) => question.text === text),
  );
const recorded = async (id: string): Promise<QuestionRecord | undefined> =>
  (await stack.json<readonly QuestionRecord[]>("answer", "--all")).find((each) => each.id === id);
const output = (task: string): Promise<string> => stack.ok("task", "logs", task);
const succeeded = (task: string): Promise<true> =>
  eventually(`task ${task} succeeded`, async () => {
    const { state } = await stack.json<{ state: string }>("task", "show", task);
    return state === "succeeded" ? (true as const) : undefined;
  });

test("a service's question is in ps, describe, events and metrics until it is answered, and then it goes on", async () => {
  const question = await asked("Which branch?");
  expect(question).toMatchObject({ project: "web", agent: "beat", task: null, waits: true });
  const [project] = await stack.json<ProjectView[]>("ps");
  expect(project?.needsYou).toMatchObject({ count: 1, oldest: { id: question.id, agent: "beat" } });
  const shown = await stack.berth("ps");
  expect(shown.stdout).toContain(`needs you (1): ${question.id} beat asks "Which branch?"`);
  expect(shown.stderr).toContain("1 waiting for your answer: berth answer");
  expect(await stack.ok("describe", "web")).toMatch(
    /Asks you:\n.*\n +\d+ +beat#0 .*Which branch\?/,
  );
  expect(await stack.ok("events", "web")).toContain("beat#0 asks: Which branch?");
  expect((await stack.get("/metrics")).body).toContain('berth_needs_you{project="web"} 1');
  await stack.ok("answer", question.id, "main");
  await eventually("it goes on", async () =>
    (await stack.ok("logs", "web/beat")).includes("beat got main") ? true : undefined,
  );
  await eventually("nobody is needed any more", async () => {
    const [after] = await stack.json<ProjectView[]>("ps");
    const delivered = (await recorded(question.id))?.deliveredAt ?? null;
    return after?.needsYou.count === 0 && delivered !== null ? true : undefined;
  });
  expect((await stack.get("/metrics")).body).toContain('berth_needs_you{project="web"} 0');
});

test("a task waits and keeps its slot; an answer that was not offered and a second one are refused", async () => {
  const task = await submit("one");
  const question = await asked('Deploy "one"?');
  expect(question).toMatchObject({ task, choices: ["yes", "no"] });
  expect(await stack.json("task", "show", task)).toMatchObject({ state: "running" });
  expect((await stack.berth("answer", question.id, "maybe")).code).toBe(64);
  await stack.ok("answer", question.id, "no");
  const second = await stack.berth("answer", question.id, "yes");
  expect([second.code, second.stderr]).toEqual([75, expect.stringContaining("no longer open")]);
  await succeeded(task);
  expect(await output(task)).toBe("no\n");
});

test("asked and answered while the daemon dies in between: the process gets the answer once", async () => {
  const before = await submit("before");
  const question = await asked('Deploy "before"?');
  await stack.killDaemon();
  await stack.startDaemon();
  // Asked of one daemon, answered through the next, which dies with the answer hardly written.
  expect(await asked('Deploy "before"?')).toMatchObject({ id: question.id });
  await stack.ok("answer", question.id, "yes");
  await stack.killDaemon();
  await stack.startDaemon();
  await succeeded(before);
  expect(await output(before)).toBe("yes\n");
  await eventually("it is recorded as delivered", async () =>
    (await recorded(question.id))?.deliveredAt === null ? undefined : true,
  );
});

test("a question asked while no daemon is there is heard by the next one", async () => {
  const task = await submit("alone");
  await eventually("it runs", async () => {
    const { state } = await stack.json<{ state: string }>("task", "show", task);
    return state === "running" ? true : undefined;
  });
  await stack.killDaemon();
  const inside = (script: string): Promise<string> =>
    stack.docker("exec", `berth-${stack.install}-web`, "sh", "-c", script);
  await inside("echo > /tmp/go");
  await eventually("its runner has written it down", () =>
    inside("ls /run/.berth-task/ask-*").then(() => true as const),
  );
  await stack.startDaemon();
  const question = await asked("Anybody there?");
  await stack.ok("answer", question.id, "yes");
  await succeeded(task);
  expect(await output(task)).toBe("yes\n");
});

test("who does not wait fetches the answer later", async () => {
  const task = await submit("later");
  const question = await asked("Later?");
  expect(question.waits).toBe(false);
  await stack.ok("answer", question.id, "two words");
  await succeeded(task);
  expect(await output(task)).toBe(`key ${question.key}\ntwo words\n`);
});

test("when the run ends its question is withdrawn, and answering it says so", async () => {
  const task = await submit("cancelled");
  const question = await asked('Deploy "cancelled"?');
  await stack.ok("task", "cancel", task);
  await eventually("it is withdrawn", async () =>
    (await recorded(question.id))?.state === "withdrawn" ? true : undefined,
  );
  // The asker itself may be quick enough to take it back when it is told to end.
  expect((await recorded(question.id))?.withdrawnReason).toMatch(/run ended|no longer waits/);
  const late = await stack.berth("answer", question.id, "yes");
  expect([late.code, late.stderr]).toEqual([75, expect.stringContaining("withdrawn")]);
  expect(await open()).toEqual([]);
});

test("a frozen project gets its answer when it thaws; a dead container's questions are withdrawn", async () => {
  const task = await submit("frozen");
  const question = await asked('Deploy "frozen"?');
  await stack.ok("pause", "web");
  await stack.ok("answer", question.id, "yes");
  expect(await recorded(question.id)).toMatchObject({ state: "answered", deliveredAt: null });
  await stack.ok("resume", "web");
  await succeeded(task);
  expect(await output(task)).toBe("yes\n");
  await submit("dies");
  const lost = await asked('Deploy "dies"?');
  await stack.docker("kill", `berth-${stack.install}-web`);
  await eventually("it is withdrawn", async () =>
    (await recorded(lost.id))?.state === "withdrawn" ? true : undefined,
  );
});
