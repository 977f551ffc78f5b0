/** Tasks under fire: the daemon killed again and again, Redis flushed, Postgres stopped; each task ends exactly once. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../support/post.ts";
import { host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";

const LONG = process.env["BERTH_LONG"] === "1";
const PROJECTS = LONG ? 5 : 3;
const TASKS = LONG ? 1_000 : 120;
const KILLS = LONG ? 20 : 3;
const GONE_MS = LONG ? 30_000 : 4_000;
/** How long a daemon leads before it is killed. */
const LEADS_MS = LONG ? 2_000 : 1_000;

/** Writes its number to a ledger in the workspace, waits a little, and exits as its payload says. */
const worker = (name: string): string => `  ${name}:
    limits: { agents: 4 }
    agents:
      coder:
        command: [/bin/sh, -c, 'payload=$(cat); echo "$BERTH_RUN_ID $payload" >> /workspace/ledger; echo "begin $payload"; sleep 0.2; echo "end $payload"; exit $((payload % 2 * 3))']
        on: task
        max: 3
        timeout: 60s
        retries: { max: 0, backoff: 100ms }
`;

const names = Array.from({ length: PROJECTS }, (_, index) => `work${index + 1}`);
let stack: Stack;
let client: Client;

beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(names.map(worker).join("")));
});
afterAll(async () => {
  await client?.end();
  await stack.close();
});

/** Submissions a request: several batches are cut by every kill. */
const BATCH = 10;

/** Submits until all are acknowledged: the keys make a repetition harmless. */
async function submit(project: string, numbers: readonly number[]): Promise<void> {
  const items = numbers.map((number) => ({
    project,
    agent: "coder",
    payload: number,
    idempotencyKey: `k${number}`,
  }));
  await eventually(
    `tasks ${numbers.join(" ")} are acknowledged`,
    async () => {
      const { status, body } = await post(stack.socket, "/api/v1/tasks", { body: { items } });
      if (status >= 300) throw new Error(`${status} ${body}`);
      const answers = JSON.parse(body) as { items: readonly { ok: boolean }[] };
      if (answers.items.every(({ ok }) => ok)) return true;
      throw new Error(body);
    },
    240_000,
  );
}

/** Its turns to submit, a batch whenever a moment has passed, so that every disturbance meets some. */
async function submitAll(project: string, at: number): Promise<void> {
  const numbers = Array.from({ length: TASKS }, (_, number) => number).filter(
    (number) => number % PROJECTS === at,
  );
  for (let from = 0; from < numbers.length; from += BATCH) {
    await submit(project, numbers.slice(from, from + BATCH));
    await passed(LEADS_MS / 2);
  }
}

/** A client that failed to connect is not tried again. */
async function connected(): Promise<Client> {
  const made = new Client({ connectionString: stack.postgres.url });
  await made.connect();
  return made;
}

async function passed(ms: number): Promise<void> {
  const end = Date.now() + ms;
  await eventually("time passes", () => (Date.now() > end ? true : undefined), ms + 5_000);
}

async function disturb(): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await passed(LEADS_MS);
    await stack.killDaemon();
    await stack.startDaemon();
  }
  await stack.docker("exec", await redisContainer(), "redis-cli", "FLUSHALL");
  await passed(LEADS_MS);
  await stack.postgres.kill();
  await passed(GONE_MS);
  await stack.postgres.revive();
}

async function redisContainer(): Promise<string> {
  const port = new URL(stack.redis.url).port;
  const lines = (await stack.docker("ps", "--format", "{{.ID}} {{.Ports}}")).split("\n");
  return lines.find((line) => line.includes(`:${port}->`))?.split(" ")[0] ?? "";
}

/** Far above any id the database gives in a test. */
const ID_OF_COPY = 1_000_000;

interface Row {
  readonly project: string;
  readonly state: string;
  readonly payload: number;
  readonly exit_code: number | null;
  readonly reason: string | null;
}

test("every accepted task ends exactly once, with its own exit code, whatever is killed meanwhile", async () => {
  await Promise.all([...names.map(submitAll), disturb()]);
  client = await eventually("Postgres is back", connected, 30_000);
  const rows = await eventually(
    "all have ended",
    async () => {
      const found = await client.query<Row>(
        "select project, state, payload, exit_code, reason, attempts, run from task order by id",
      );
      const open = found.rows.filter(({ state }) =>
        ["pending", "ready", "running"].includes(state),
      );
      if (found.rows.length === TASKS && open.length === 0) return found.rows;
      throw new Error(`${found.rows.length} recorded, open: ${JSON.stringify(open)}`);
    },
    300_000,
  );
  expect(new Set(rows.map(({ payload }) => payload)).size).toBe(TASKS);
  for (const { payload, state, exit_code, reason } of rows)
    expect([payload, state, exit_code, reason]).toEqual(
      payload % 2 === 0 ? [payload, "succeeded", 0, null] : [payload, "failed", 3, "exit code 3"],
    );
}, 900_000);

test("a task that only the records know, as after a lost answer, is found and run", async () => {
  await client.query(
    `insert into task (id, project, agent, state, payload, priority, complexity, tags, after, max_attempts,
       backoff_ms, timeout_ms, asked_by, ready_at)
     select $1, project, agent, 'ready', to_json($2::int), priority, complexity, tags, after, max_attempts,
       backoff_ms, timeout_ms, asked_by, clock_timestamp() from task order by id limit 1`,
    [ID_OF_COPY, TASKS],
  );
  const state = await eventually(
    "it has ended",
    async () => {
      const { rows } = await client.query<{ state: string; open: boolean }>(
        "select state, ended_at is null as open from task where id = $1",
        [ID_OF_COPY],
      );
      return rows[0]?.open === false ? rows[0].state : undefined;
    },
    40_000,
  );
  expect(state).toBe(TASKS % 2 === 0 ? "succeeded" : "failed");
}, 60_000);

test("no task was run twice, and every output is complete", async () => {
  let ran = 0;
  for (const name of names) {
    const ledger = (await stack.ok("exec", name, "--", "cat", "/workspace/ledger"))
      .trim()
      .split("\n");
    const numbers = ledger.map((line) => Number(line.split(" ")[1]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
    ran += numbers.length;
    const lines = (await stack.ok("logs", name)).split("\n");
    for (const number of numbers) {
      expect(lines.filter((line) => line.endsWith(`begin ${number}`))).toHaveLength(1);
      expect(lines.filter((line) => line.endsWith(`end ${number}`))).toHaveLength(1);
    }
  }
  // Each of the test's own, and the one that only the records knew.
  expect(ran).toBe(TASKS + 1);
}, 120_000);
