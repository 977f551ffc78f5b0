/** A runner that hangs while its task works on: the slot is given again only when that work is gone for certain. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookAt } from "../support/look.ts";
import { post } from "../support/post.ts";
import { host, sleeper } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";

/** Unanswered pings (16 s), a whole lease (60 s), looks at leases (20 s), and a container that no SIGTERM ends. */
const FENCED_MS = 150_000;

/** Unanswered pings (16 s), a minute, and the looks between. */
const SILENT_MS = 110_000;

/** The first attempt works on until it is killed, the second one ends at once; both tell when they were alive. */
const worker = (name: string): string => `  ${name}:
    agents:
      coder:
        command: [/bin/sh, -c, 'cd /workspace; if [ -e first ]; then date +%s%N > second; exit 0; fi; touch first; while :; do date +%s%N >> alive; sleep 0.05; done']
        on: task
        max: 1
        retries: { max: 1, backoff: 0s }
        stop_grace_period: 1s
`;
const QUICK = `  next:
    agents:
      coder: { command: [/bin/sh, -c, 'date +%s%N > /workspace/begun'], on: task, max: 1 }
`;

/** It has no task, so nothing fences it: whoever looks is told. */
const IDLE = sleeper("idle");

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(worker("held") + QUICK + IDLE, "  agents: 1\n"));
});
afterAll(() => stack.close());

interface Task {
  readonly id: string;
  readonly state: string;
}
const json = async <T>(path: string): Promise<T> => JSON.parse((await stack.get(path)).body) as T;

async function submit(project: string): Promise<string> {
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: { project, agent: "coder" } });
  return (JSON.parse(body) as { task: Task }).task.id;
}

const reached = (id: string, state: string, deadlineMs?: number): Promise<true> =>
  eventually(
    `task ${id} is ${state}`,
    async () => ((await json<Task>(`/api/v1/tasks/${id}`)).state === state ? true : undefined),
    deadlineMs,
  );

/** What a file of a workspace says, in nanoseconds since 1970, one a line. */
async function times(project: string, name: string): Promise<readonly bigint[]> {
  const text = await stack.ok("exec", project, "--", "/bin/cat", `/workspace/${name}`);
  return text.split("\n").filter(Boolean).map(BigInt);
}

async function runnerOf(project: string): Promise<number> {
  const { Pid: init } = (await lookAt(stack).container(project)).State;
  return Number(readFileSync(`/proc/${init}/task/${init}/children`, "utf8").split(" ")[0]);
}

test("a hung runner's slot goes to nobody before its container is gone, and its attempt is lost, once", async () => {
  const first = await submit("held");
  await reached(first, "running");
  await eventually("it works", async () =>
    (await times("held", "alive")).length > 3 ? true : undefined,
  );
  const second = await submit("next");

  const { Id: id } = await lookAt(stack).container("held");
  process.kill(await runnerOf("held"), "SIGSTOP");

  await reached(second, "succeeded", FENCED_MS);
  await reached(first, "succeeded", FENCED_MS);
  const [ended, retried, begun] = [
    (await times("held", "alive")).at(-1) ?? 0n,
    (await times("held", "second"))[0] ?? 0n,
    (await times("next", "begun"))[0] ?? 0n,
  ];
  expect(retried).toBeGreaterThan(ended);
  expect(begun).toBeGreaterThan(ended);
  expect((await lookAt(stack).container("held")).Id).not.toBe(id);
  const { items } = await json<{ items: readonly { outcome: string }[] }>(
    `/api/v1/tasks/${first}/attempts`,
  );
  expect(items.map(({ outcome }) => outcome).toSorted()).toEqual(["lost", "succeeded"]);
}, 240_000);

test("a hung runner of services is told once, with what helps; its container is left alone, and it may come back", async () => {
  const look = lookAt(stack);
  const [before] = (await look.healthy("idle")).agents;
  const container = await look.container("idle");
  const runner = await runnerOf("idle");
  process.kill(runner, "SIGSTOP");
  const silent = await look.until(
    "idle",
    ({ reasons }) => reasons.join().includes("`berth restart idle`"),
    SILENT_MS,
  );
  expect([silent.health, silent.reasons]).toEqual([
    "unknown",
    [expect.stringMatching(/^its runner has not been heard for \d+ s; /)],
  ]);
  process.kill(runner, "SIGCONT");
  expect((await look.healthy("idle")).agents[0]?.runId).toBe(before?.runId);
  expect((await look.container("idle")).Id).toBe(container.Id);
  const told = (await look.events("idle")).filter(({ kind }) => kind === "runner.silent");
  expect(told).toMatchObject([{ cause: "daemon", fields: { container: container.Id } }]);
}, 180_000);
