/** What the scheduler decided survives the daemon: explain, why, events and breakers after a SIGKILL. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const WORKERS = `  web:
    limits: { agents: 6, memory: 128MiB }
    agents:
      coder:
        command: [/bin/sh, -c, 'payload=$(cat); case "$payload" in *fail*) exit 7;; *slow*) sleep 30;; esac']
        on: task
        max: 4
        stop_grace_period: 1s
        retries: { max: 1, backoff: 100ms }
      hungry:
        command: [/bin/sh, -c, 'x=$(head -c 40000000 /dev/zero | tr "\\0" x); sleep 1; exit 4']
        on: task
      teller:
        command: [/bin/sh, -c, 'berth-agent progress 0.5 halfway']
        on: task
      broken:
        command: [/bin/sh, -c, 'exit 3']
        on: task
`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(WORKERS));
});
afterAll(() => stack.close());

interface Told {
  readonly text: string;
  readonly why: Readonly<Record<string, number>>;
}
const submit = async (agent: string, payload: unknown): Promise<string> => {
  const json = JSON.stringify(payload);
  const out = await stack.ok("run", "web", agent, "--payload", json, "--detach");
  return out.trim().split(/\s+/).at(-1) ?? "";
};
const ended = (id: string): Promise<string> =>
  eventually(`task ${id} has ended`, async () => {
    const { state } = await stack.json<{ state: string }>("task", "show", id);
    return ["pending", "ready", "running"].includes(state) ? undefined : state;
  });
const decisions = async (verb: "explain" | "why", subject: string): Promise<readonly Told[]> =>
  (await stack.json<{ decisions: readonly Told[] }>(verb, subject)).decisions;
const events = async (kind: string): Promise<readonly string[]> =>
  (await stack.ok("events", "web", "--kind", kind, "-n", "200", "--json"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { message: string }).message);
const restart = async (): Promise<void> => {
  await stack.killDaemon();
  await stack.startDaemon();
};

test("slots and retries are told after the daemon was killed, and after the container is gone", async () => {
  const id = await submit("coder", "fail");
  expect(await ended(id)).toBe("dead");
  const before = await decisions("why", id);
  expect(before.map(({ text }) => text)).toEqual([
    "attempt 2 failed: its retries are used up",
    "attempt 2 got a slot by weighted-round-robin",
    "attempt 1 failed: tried again after a backoff",
    "attempt 1 got a slot by weighted-round-robin",
  ]);
  expect(before[2]?.why["waitMs"]).toBeGreaterThan(0);
  await restart();
  await stack.docker("rm", "-f", `berth-${stack.install}-web`);
  expect(await decisions("why", id)).toEqual(before);
  const explained = await decisions("explain", "web/coder");
  expect(explained.map(({ text }) => text)).toContain(
    "attempt 1 failed: tried again after a backoff",
  );
});

test("every change of the number of workers is an event, and explain tells it after a restart", async () => {
  await stack.apply(host(WORKERS));
  const ids = await Promise.all(
    ["slow-1", "slow-2", "slow-3"].map((text) => submit("coder", text)),
  );
  const scaled = await eventually("an event of it", async () => {
    const told = await events("worker.scaled");
    return told.some((text) => /^workers of coder \d+ → 3: /.test(text)) ? told : undefined;
  });
  // Each event goes on where the one before it ended: none is missing.
  const moves = scaled
    .filter((text) => text.startsWith("workers of coder "))
    .map((text) => /(\d+) → (\d+)/.exec(text)?.slice(1) ?? []);
  expect(moves.slice(1).map(([from]) => from)).toEqual(moves.slice(0, -1).map(([, to]) => to));
  await restart();
  const told = (await decisions("explain", "web/coder")).map(({ text }) => text);
  expect(told.some((text) => text.startsWith("workers of coder "))).toBe(true);
  for (const id of ids) await stack.ok("task", "cancel", id);
});

test("why shows the memory of an attempt, after the daemon was killed and the container is gone", async () => {
  const id = await submit("hungry", 1);
  expect(await ended(id)).toBe("failed");
  const { memory, memoryLimitBytes } = await stack.json<{
    memory: readonly Readonly<{ at: number; bytes: number }>[];
    memoryLimitBytes: number;
  }>("why", id);
  expect(memoryLimitBytes).toBe(128 * 1024 ** 2);
  expect(memory.length).toBeGreaterThan(3);
  expect(memory.length).toBeLessThanOrEqual(60);
  const bytes = memory.map((point) => point.bytes);
  expect(Math.max(...bytes) - (bytes[0] ?? 0)).toBeGreaterThan(30_000_000);
  await stack.killDaemon();
  await stack.docker("rm", "-f", `berth-${stack.install}-web`);
  await stack.startDaemon();
  expect((await stack.json<{ memory: unknown }>("why", id)).memory).toEqual(memory);
  expect(await stack.ok("why", id)).toMatch(/^Memory: +[▁▂▃▄▅▆▇█]+ at most \d+MiB of 128MiB$/m);
});

test("tasks of a stopped worker wait for its start, are counted, and say so", async () => {
  await stack.ok("stop", "web/coder");
  const id = await submit("coder", "quick");
  const waits = await stack.json<{ constraint: string; wouldStart: string }>("explain", id);
  expect([waits.constraint, waits.wouldStart]).toEqual([
    "stopped: agent web/coder",
    "`berth start web/coder` has to be called",
  ]);
  expect(await stack.ok("explain", "web/coder")).toContain("stopped: agent web/coder");
  const { body } = await stack.get("/api/v1/queue?project=web");
  expect((JSON.parse(body) as { waiting: number }).waiting).toBe(1);
  await stack.ok("start", "web/coder", "--timeout", "20s");
  expect(await ended(id)).toBe("succeeded");
});

test("submissions, starts and ends of tasks are events by their ids", async () => {
  const id = await submit("coder", "fine");
  expect(await ended(id)).toBe("succeeded");
  await eventually("its submission is told", async () =>
    (await events("queue.submitted")).some((text) => text.startsWith(`task ${id} for coder `))
      ? true
      : undefined,
  );
  expect(await events("agent.started")).toContain(`coder#0 started task ${id}`);
  expect(await events("agent.exited")).toContain(`coder#0 ended task ${id} with code 0`);
});

test("events of one task come in the order of their causes, however short it is", async () => {
  const ids = [];
  for (let each = 0; each < 8; each += 1) ids.push(await submit("teller", each));
  for (const id of ids) expect(await ended(id)).toBe("succeeded");
  const rows = (await stack.ok("events", "web", "-n", "500", "--json"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { kind: string; fields: { task?: string } });
  for (const id of ids)
    expect(rows.filter(({ fields }) => fields.task === id).map(({ kind }) => kind)).toEqual([
      "queue.submitted",
      "agent.started",
      "worker.progress",
      "agent.exited",
    ]);
});

test("an open breaker stays open across a kill, holds new work back, and its metric says so", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => submit("broken", 1)));
  for (const id of ids) expect(await ended(id)).toBe("failed");
  const state = async (): Promise<string | undefined> =>
    /^berth_breaker_state\{name="agent:web\/broken"\} (\d)$/m.exec(
      (await stack.get("/metrics")).body,
    )?.[1];
  await eventually("its breaker is open", async () => ((await state()) === "2" ? true : undefined));
  await eventually("it is told", async () =>
    (await events("breaker.opened")).join().includes("breaker of broken opened for 30 s")
      ? true
      : undefined,
  );
  await restart();
  expect(await state()).toBe("2");
  const held = await submit("broken", 2);
  const { constraint } = await eventually("it is explained", async () => {
    const told = await stack.json<{ constraint: string | null }>("explain", held);
    return told.constraint === null ? undefined : told;
  });
  expect(constraint).toBe("breaker open: project web");
  expect(
    (await events("breaker.opened")).filter((text) => text.includes("of broken")),
  ).toHaveLength(1);
});
