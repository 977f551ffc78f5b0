/** Projects that want more slots than there are: shares by weight, strategies switched live, breakers, deadlines, dependencies, cancels. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../../support/post.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const SLOTS = 4;
const worker = (name: string, weight: number): string => `  ${name}:
    weight: ${weight}
    limits: { agents: ${SLOTS} }
    agents:
      coder:
        command: [/bin/sh, -c, 'case "$(cat)" in *bad*) exit 9;; *long*) exec sleep 60;; *) exec sleep 0.2;; esac']
        on: task
        max: ${SLOTS}
        timeout: 90s
        stop_grace_period: 1s
`;
const declared = (strategy: string): string =>
  host(
    worker("light", 1) + worker("heavy", 3) + worker("broken", 1),
    `  agents: ${SLOTS}\n  strategy: ${strategy}\n`,
  );

let stack: Stack;
let client: Client;
beforeAll(async () => {
  stack = await startStack();
  await apply("weighted-round-robin");
  client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await stack.close();
});

const apply = (strategy: string): Promise<string> => stack.apply(declared(strategy));

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly exitCode: number | null;
}
interface Item {
  readonly payload?: unknown;
  readonly priority?: number;
  readonly deadlineAt?: number;
  readonly after?: readonly string[];
}

async function submit(project: string, items: readonly Item[]): Promise<readonly string[]> {
  const tasks = items.map((item) => ({ project, agent: "coder", payload: "short", ...item }));
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: { items: tasks } });
  const answer = JSON.parse(body) as { items: readonly Readonly<{ task: Shown }>[] };
  return answer.items.map(({ task }) => task.id);
}
async function show(id: string): Promise<Shown> {
  return JSON.parse((await stack.get(`/api/v1/tasks/${id}`)).body) as Shown;
}
const reached = (id: string, ...states: readonly string[]): Promise<Shown> =>
  eventually(`task ${id} is ${states.join(" or ")}`, async () => {
    const task = await show(id);
    return states.includes(task.state) ? task : undefined;
  });
/** Slots in the order they were given after task `after`. */
async function given(after: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ project: string }>(
    "select project from attempt where task > $1 order by claimed_at, task",
    [after],
  );
  return rows.map(({ project }) => project);
}
const many = (count: number, item: Item = {}): readonly Item[] =>
  Array.from({ length: count }, () => item);
const cancelAll = (ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => post(stack.socket, `/api/v1/tasks/${id}/cancel`, { body: {} })));

test("two projects of weights 1 and 3 that saturate the pool get slots in that ratio, and a strategy switched live counts at once", async () => {
  const before = (await submit("light", many(1))).at(-1) ?? "0";
  await reached(before, "succeeded");
  const [light, heavy] = await Promise.all([submit("light", many(60)), submit("heavy", many(200))]);
  const order = await eventually("64 slots are given", async () => {
    const all = await given(before);
    return all.length >= 64 ? all.slice(0, 64) : undefined;
  });
  // The first round may have seen one project alone; from then on it is three to one.
  const window = order.slice(16);
  const share = window.filter((project) => project === "heavy").length / window.length;
  expect(share).toBeGreaterThanOrEqual(0.65);
  expect(share).toBeLessThanOrEqual(0.85);

  await apply("priority");
  const urgent = await submit("light", many(SLOTS, { priority: 1000 }));
  const waiting = await Promise.all(heavy.slice(-5).map(show));
  expect(waiting.map(({ state }) => state)).toContain("ready");
  for (const id of urgent) await reached(id, "running", "succeeded");
  expect((await show(heavy.at(-1) ?? "")).state).toBe("ready");
  await cancelAll([...light, ...heavy]);
  for (const id of urgent) await reached(id, "succeeded");
});

test("a project whose tasks keep failing opens its breaker and costs another no slot", async () => {
  const bad = await submit("broken", many(40, { payload: "bad" }));
  const bound = await eventually("its breaker holds it back", async () => {
    const { body } = await stack.get("/api/v1/queue?project=broken&limit=1");
    const { items } = JSON.parse(body) as { items: readonly { constraint: string }[] };
    return items.find(({ constraint }) => constraint.includes("breaker"))?.constraint;
  });
  expect(bound).toBe("breaker open: project broken");
  await eventually("those that had begun have ended, and no other begins", async () => {
    const { body } = await stack.get("/api/v1/queue?project=broken&limit=1");
    return (JSON.parse(body) as { taken: number }).taken === 0 ? true : undefined;
  });
  const others = await submit("heavy", many(8));
  for (const id of others) await reached(id, "succeeded");
  expect((await Promise.all(bad.map(show))).some(({ state }) => state === "ready")).toBe(true);
  await cancelAll(bad);
});

test("a deadline that passes while a task waits ends it as timed out, never started", async () => {
  const long = await submit("light", many(SLOTS, { payload: "long" }));
  for (const id of long) await reached(id, "running");
  const [late] = await submit("light", [{ deadlineAt: Date.now() + 1_500 }]);
  const over = await reached(late ?? "", "timed-out");
  expect(over).toMatchObject({ attempts: 0, exitCode: null });
  expect(over.reason).toMatch(/^deadline passed while it waited: .*\d.* of \d/);
  // As many as would open a breaker, were they failures; the metric counts each.
  const expire = many(5, { deadlineAt: Date.now() + 1_000 });
  for (const id of await submit("light", expire)) await reached(id, "timed-out");
  await cancelAll(long);
  for (const id of long) await reached(id, "cancelled");
  const [next] = await submit("light", many(1));
  await reached(next ?? "", "succeeded");
  await eventually("every passed deadline is counted", async () => {
    const { body } = await stack.get("/metrics");
    return /^berth_tasks_total\{[^}]*project="light"[^}]*outcome="timed-out"[^}]*\} 6$/m.test(body)
      ? true
      : undefined;
  });
});

test("a task is cancelled at every stage, and those that come after it end with it", async () => {
  const long = await submit("light", many(SLOTS, { payload: "long" }));
  for (const id of long) await reached(id, "running");
  const [ready] = await submit("light", many(1));
  const [pending] = await submit("light", [{ after: [ready ?? ""] }]);
  const [last] = await submit("light", [{ after: [pending ?? ""] }]);
  expect((await show(pending ?? "")).state).toBe("pending");
  await cancelAll([ready ?? ""]);
  expect((await reached(ready ?? "", "cancelled")).attempts).toBe(0);
  expect((await reached(pending ?? "", "cancelled")).reason).toContain("comes after");
  expect((await reached(last ?? "", "cancelled")).attempts).toBe(0);
  await cancelAll(long);
  for (const id of long) expect(await reached(id, "cancelled")).toMatchObject({ attempts: 1 });
  const succeeded = await submit("light", many(1));
  await reached(succeeded[0] ?? "", "succeeded");
  const refused = await post(stack.socket, `/api/v1/tasks/${succeeded[0]}/cancel`, { body: {} });
  expect(refused.status).toBe(409);
});

test("what comes after an unknown task, one of another project or a task yet to come is refused and changes nothing", async () => {
  const [foreign] = await submit("heavy", many(1));
  const next = String(Number(foreign) + 1);
  for (const after of ["999999", foreign ?? "", next]) {
    const { status, body } = await post(stack.socket, "/api/v1/tasks", {
      body: { project: "light", agent: "coder", payload: "short", after: [after] },
    });
    expect([status, body]).toEqual([
      expect.any(Number),
      expect.stringContaining("task.dependency-unknown"),
    ]);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  const { rows } = await client.query(
    "select 1 from task where cardinality(after) > 0 and after && $1",
    [[999_999, Number(foreign), Number(next)]],
  );
  expect(rows).toEqual([]);
});
