/** A project as a worker: tasks are queued durably, get slots, run once each, and their results are kept. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../../support/post.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const WORKER = `  web:
    limits: { agents: 4, memory: 128MiB }
    agents:
      coder:
        command: [/bin/sh, -c, 'payload=$(cat); echo "got $payload"; case "$payload" in *fail*) exit 7;; *slow*) sleep 30;; *fork*) (setsid sleep 300 &) ; sleep 300;; esac; echo "{\\"seen\\":$payload}" >&$BERTH_RESULT_FD']
        on: task
        max: 2
        timeout: 20s
        stop_grace_period: 1s
        retries: { max: 1, backoff: 100ms }
      mute: { command: ["true"], on: task, max: 1 }
      teller: { command: [/bin/sh, -c, "berth-agent progress 0.4 reading; exec sleep 300"], on: task, max: 1 }
`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(WORKER));
});
afterAll(() => stack.close());

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly exitCode: number | null;
  readonly result: unknown;
  readonly run: string | null;
}
/** Straight from the daemon: a process of the CLI for every look would be most of what this file costs. */
const show = async (id: string): Promise<Shown> => {
  const { status, body } = await stack.get(`/api/v1/tasks/${id}`);
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as Shown;
};
const submit = async (payload: unknown, ...more: string[]): Promise<string> => {
  const out = await stack.ok(
    "run",
    "web",
    "coder",
    "--payload",
    JSON.stringify(payload),
    "--detach",
    ...more,
  );
  return out.trim().split(/\s+/).at(-1) ?? "";
};
const submitMany = async (payloads: readonly unknown[]): Promise<readonly string[]> => {
  const items = payloads.map((payload) => ({ project: "web", agent: "coder", payload }));
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: { items } });
  const answer = JSON.parse(body) as { items: readonly Readonly<{ task: Shown }>[] };
  return answer.items.map(({ task }) => task.id);
};
const ended = (id: string, state: string): Promise<Shown> =>
  eventually(`task ${id} is ${state}`, async () => {
    const task = await show(id);
    return task.state === state ? task : undefined;
  });

test("run streams the task's output and exits with its code; its result is kept", async () => {
  const good = await stack.berth("run", "web", "coder", "--payload", '{"n":1}');
  expect(good.stdout).toContain('got {"n":1}');
  expect(good.code).toBe(0);
  const [newest] = await stack.json<Shown[]>("task", "list");
  expect(await stack.json<Shown>("task", "show", newest?.id ?? "")).toMatchObject({
    state: "succeeded",
    result: { seen: { n: 1 } },
    exitCode: 0,
  });
});

test("the output of a run that prints nothing is followed to its end, and by whoever comes later", async () => {
  expect(await stack.berth("run", "web", "mute")).toMatchObject({ code: 0, stdout: "" });
  const [newest] = await stack.json<Shown[]>("task", "list");
  const { run } = await show(newest?.id ?? "");
  // Would never end if nobody knew that nothing is to come.
  const path = `/api/v1/logs?project=web&run=${run}&follow=true`;
  const { status, body } = await stack.get(path);
  expect([status, body.trim()]).toEqual([200, ""]);
});

test("a failing task is retried by its policy and then lies dead with its exit code", async () => {
  const id = await submit("fail");
  expect(await ended(id, "dead")).toMatchObject({ attempts: 2, exitCode: 7 });
  await stack.ok("task", "retry", id);
  expect(await ended(id, "dead")).toMatchObject({ attempts: 3 });
});

test("at most max processes run at once, what does not fit waits and says why, and cancelling frees the slot", async () => {
  const ids = [await submit("slow-1"), await submit("slow-2"), await submit("slow-3")];
  const waiting = await eventually("one waits", async () => {
    const rows = await stack.json<{ task: string; constraint: string }[]>("queue");
    return rows.length === 1 ? rows : undefined;
  });
  expect(waiting[0]).toMatchObject({ task: ids[2], constraint: "agent max: 2 of 2 run" });
  for (const id of ids) await stack.ok("task", "cancel", id);
  for (const id of ids) await ended(id, "cancelled");
});

test("the same idempotency key queues once, another payload under it is refused", async () => {
  const first = await submit({ k: 1 }, "--key", "once");
  expect(await submit({ k: 1 }, "--key", "once")).toBe(first);
  const other = await stack.berth(
    "run",
    "web",
    "coder",
    "--payload",
    '{"k":2}',
    "--key",
    "once",
    "--detach",
  );
  expect(other.code).toBe(75);
});

test("how far a task is shows in task show, ps and events while it runs", async () => {
  const out = await stack.ok("run", "web", "teller", "--detach");
  const id = out.trim().split(/\s+/).at(-1) ?? "";
  const text = await eventually("ps tells of it", async () => {
    const shown = await stack.ok("ps");
    return shown.includes("reading") ? shown : undefined;
  });
  expect(text).toContain(`${id} teller 40% reading`);
  expect(await stack.ok("task", "show", id)).toMatch(/40 ?%.*reading/);
  const events = await eventually("an event tells of it", async () => {
    const told = await stack.ok("events", "web", "--kind", "worker.progress");
    return told.includes("reading") ? told : undefined;
  });
  expect(events).toContain(`task ${id} of teller: 40 %, reading`);
  await stack.ok("task", "cancel", id);
  await eventually("it is told no more", async () =>
    (await stack.ok("ps")).includes("reading") ? undefined : true,
  );
});

test("a task whose container dies is lost and tried again, and no attempt runs twice", async () => {
  const id = await submit("slow-lost");
  await eventually("it runs", async () =>
    (await show(id)).state === "running" ? true : undefined,
  );
  await stack.docker("kill", `berth-${stack.install}-web`);
  const task = await eventually("its second attempt runs", async () => {
    const now = await show(id);
    return now.state === "running" && now.attempts === 2 ? now : undefined;
  });
  expect(task.run).not.toBeNull();
  await stack.ok("task", "cancel", id);
  await ended(id, "cancelled");
});

test("tasks that were accepted survive the daemon: each ends exactly once", async () => {
  const ids = await submitMany(Array.from({ length: 20 }, (_, n) => ({ n })));
  await stack.killDaemon();
  await stack.startDaemon();
  for (const id of ids) await ended(id, "succeeded");
  const attempts = await Promise.all(ids.map(async (id) => (await show(id)).attempts));
  expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
});

test("bad submissions are refused with a code and change nothing", async () => {
  const before = (await stack.json<Shown[]>("task", "list")).length;
  expect((await stack.berth("run", "web", "nobody")).code).toBe(64);
  expect((await stack.berth("run", "nowhere", "coder")).code).toBe(64);
  expect((await stack.berth("run", "web", "coder", "--payload", "{")).code).toBe(64);
  expect(
    (await stack.berth("run", "web", "coder", "--deadline", "2001-01-01T00:00:00Z")).code,
  ).toBe(64);
  expect((await stack.json<Shown[]>("task", "list")).length).toBe(before);
});
