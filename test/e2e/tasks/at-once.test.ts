/** What waits starts when the reason for it ends, not with the next report of some runner, which comes every 5 s. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../../support/post.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

/** Less than half the time between reports: three starts in a row by luck are one in fifteen. */
const AT_ONCE_MS = 2_000;
/** More workers are allowed once a second. */
const COOL_DOWN_MS = 1_000;
const WIDE = 6;

const worker = (name: string, max: number): string => `  ${name}:
    limits: { agents: ${max} }
    agents:
      coder: { command: [sleep, "60"], on: task, max: ${max}, stop_grace_period: 0s }
`;
const PROJECTS = ["one", "two", "three", "four"];
const SLOTS = PROJECTS.length + WIDE;

let stack: Stack;
let client: Client;
beforeAll(async () => {
  stack = await startStack();
  client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await stack.close();
});

const apply = (projects: string, slots: number): Promise<string> =>
  stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", host(projects, `  agents: ${slots}\n`)),
    "--wait",
    "-y",
  );

async function submit(projects: readonly string[]): Promise<readonly string[]> {
  const items = projects.map((project) => ({ project, agent: "coder" }));
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: { items } });
  return (JSON.parse(body) as { items: { task: { id: string } }[] }).items.map(
    ({ task }) => task.id,
  );
}

/** When each of so many slots was given, in milliseconds since 1970. */
const given = (tasks: readonly string[], count: number): Promise<readonly number[]> =>
  eventually(`${count} slots are given`, async () => {
    const { rows } = await client.query<{ at: Date }>(
      "select claimed_at as at from attempt where task = any($1) order by claimed_at",
      [tasks],
    );
    return rows.length >= count ? rows.map(({ at }) => at.getTime()) : undefined;
  });

test("when more workers are allowed again they start, and looking at the queue takes nothing from them", async () => {
  await apply(worker("wide", WIDE), SLOTS);
  const waited: number[] = [];
  for (let count = 1; count <= WIDE; count += 1) {
    const task = await submit(["wide"]);
    const since = Date.now();
    await stack.get("/api/v1/queue");
    waited.push(((await given(task, 1)).at(-1) ?? Infinity) - since);
  }
  expect(waited.filter((ms) => ms > COOL_DOWN_MS / 2).length).toBeGreaterThan(0);
  expect(Math.max(...waited)).toBeLessThan(COOL_DOWN_MS + AT_ONCE_MS / 2);
  await stack.ok("remove", "wide", "--volumes", "-y");
});

test("another slot is used as soon as it is declared", async () => {
  const projects = PROJECTS.map((name) => worker(name, 1)).join("");
  await apply(projects, 1);
  const tasks = await submit(PROJECTS);
  await given(tasks, 1);
  const waited: number[] = [];
  for (const [index] of PROJECTS.slice(1).entries()) {
    await apply(projects, index + 2);
    const applied = Date.now();
    const at = (await given(tasks, index + 2)).at(-1) ?? Infinity;
    waited.push(at - applied);
  }
  expect(Math.max(...waited)).toBeLessThan(AT_ONCE_MS);
});
