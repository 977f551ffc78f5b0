/** Tasks under fire: the daemon killed again and again, Redis flushed, Postgres stopped; each task ends exactly once. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";

const LONG = process.env["BERTH_LONG"] === "1";
const PROJECTS = LONG ? 5 : 3;
const TASKS = LONG ? 1_000 : 120;
const KILLS = LONG ? 20 : 3;
const GONE_MS = LONG ? 30_000 : 4_000;

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
  const file = stack.write("berth.yaml", host(names.map(worker).join("")));
  await stack.ok("apply", "-f", file, "--wait", "-y");
});
afterAll(async () => {
  await client?.end();
  await stack.close();
});

/** Submits until it is acknowledged: the key makes a repetition harmless. */
async function submit(project: string, number: number): Promise<void> {
  await eventually(
    `task ${number} is acknowledged`,
    async () => {
      const { code } = await stack.berth(
        "run",
        project,
        "coder",
        "--payload",
        String(number),
        "--key",
        `k${number}`,
        "--detach",
      );
      return code === 0 ? true : undefined;
    },
    120_000,
  );
}

async function disturb(): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await stack.killDaemon();
    await stack.startDaemon();
  }
  await stack.docker("exec", await redisContainer(), "redis-cli", "FLUSHALL");
  await stack.postgres.kill();
  const back = Date.now() + GONE_MS;
  await eventually(
    "it has been gone long enough",
    () => (Date.now() > back ? true : undefined),
    GONE_MS + 5_000,
  );
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
  const submitting = Promise.all(
    names.map(async (name, at) => {
      for (let number = at; number < TASKS; number += PROJECTS) await submit(name, number);
    }),
  );
  await Promise.all([submitting, disturb()]);
  client = new Client({ connectionString: stack.postgres.url });
  await eventually("Postgres is back", async () => client.connect().then(() => true), 30_000);
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
    180_000,
  );
  expect(new Set(rows.map(({ payload }) => payload)).size).toBe(TASKS);
  for (const { payload, state, exit_code, reason } of rows)
    expect([payload, state, exit_code, reason]).toEqual(
      payload % 2 === 0 ? [payload, "succeeded", 0, null] : [payload, "failed", 3, "exit code 3"],
    );
}, 600_000);

test("a task that only the records know, as after a lost answer, is found and run", async () => {
  await client.query(
    `insert into task (id, project, agent, state, payload, priority, complexity, tags, after, max_attempts,
       backoff_ms, timeout_ms, asked_by, ready_at)
     select $1, project, agent, 'ready', to_json($2::int), priority, complexity, tags, after, max_attempts,
       backoff_ms, timeout_ms, asked_by, clock_timestamp() from task order by id limit 1`,
    [ID_OF_COPY, TASKS],
  );
  await eventually(
    "it has run",
    async () => {
      const { rows } = await client.query("select state from task where id = $1", [ID_OF_COPY]);
      return rows[0]?.state === "succeeded" ? true : undefined;
    },
    40_000,
  );
}, 60_000);

test("no task was run twice, and every output is complete", async () => {
  for (const name of names) {
    const ledger = (await stack.ok("exec", name, "--", "cat", "/workspace/ledger"))
      .trim()
      .split("\n");
    const numbers = ledger.map((line) => Number(line.split(" ")[1]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
    const lines = (await stack.ok("logs", name)).split("\n");
    for (const number of numbers) {
      expect(lines.filter((line) => line.endsWith(`begin ${number}`))).toHaveLength(1);
      expect(lines.filter((line) => line.endsWith(`end ${number}`))).toHaveLength(1);
    }
  }
}, 120_000);
