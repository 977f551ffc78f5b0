/** Repeats on the real thing: a write under a known key is answered as before and done once, also by the daemon after. */
import { request } from "node:http";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host, sleeper } from "../../support/samples.ts";
import { eventually, type Stack, startStack } from "../../support/stack.ts";

const PROJECTS = `${sleeper("api")}  web:
    agents:
      coder:
        command: [/bin/sh, -c, "exit 3"]
        on: task
      slow:
        command: [sleep, infinity]
        on: task
        max: 1
`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(PROJECTS));
});
afterAll(() => stack.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}
interface Write {
  readonly method?: "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

function send({ method = "POST", path, body }: Write, key: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      "idempotency-key": key,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const at = { socketPath: stack.socket, path: `/api/v1${path}`, method, headers };
    const outgoing = request(at, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface Task {
  readonly id: string;
  readonly state: string;
}
async function submitted(agent: string): Promise<string> {
  const answer = await send(
    { path: "/tasks", body: { project: "web", agent } },
    `t-${agent}-${performance.now()}`,
  );
  const { task } = JSON.parse(answer.text) as { task: Task };
  return task.id;
}
async function stateOf(id: string): Promise<string> {
  const task = JSON.parse((await stack.get(`/api/v1/tasks/${id}`)).body) as Task;
  return task.state;
}
const becomes = (id: string, state: string): Promise<true> =>
  eventually(
    `task ${id} is ${state}`,
    async () => ((await stateOf(id)) === state ? true : undefined),
    60_000,
  );

async function audited(): Promise<number> {
  const { items } = JSON.parse((await stack.get("/api/v1/audit?limit=1000")).body) as {
    items: object[];
  };
  return items.length;
}

async function storedAnswers(): Promise<string> {
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ all: string }>(
      "select string_agg(answer::text, ' ') as all from answer",
    );
    return rows[0]?.all ?? "";
  } finally {
    await client.end();
  }
}

test("each kind of write is done once a key, through a killed daemon, and a secret is not kept", async () => {
  const failed = await submitted("coder");
  await becomes(failed, "failed");
  const running = await submitted("slow");
  await becomes(running, "running");
  const waiting = await submitted("slow");
  const writes: readonly Write[] = [
    { path: `/tasks/${failed}/retry` },
    { path: `/tasks/${waiting}/priority`, body: { priority: 900 } },
    { path: `/tasks/${running}/cancel` },
    { path: "/tokens", body: { name: "ci", scope: "read" } },
    { method: "DELETE", path: "/tokens/ci" },
    { path: "/projects/api/restart" },
    { path: "/projects/api/agents/sleep/scale", body: { replicas: 2 } },
    { path: "/projects/api/pause" },
    { path: "/projects/api/resume" },
    { path: "/rollback", body: { generation: 1 } },
    { path: "/gc", body: {} },
    { path: "/down", body: { source: null } },
    { path: "/projects/web/start" },
    { path: "/projects/api/start" },
    { method: "DELETE", path: "/projects/api?volumes=true" },
  ];
  const first: Answer[] = [];
  for (const [at, write] of writes.entries()) {
    const answer = await send(write, `k-${at}`);
    expect([write.path, answer.status, answer.text.slice(0, 300)]).toEqual([
      write.path,
      200,
      expect.anything(),
    ]);
    first.push(answer);
    if (at === 0) await becomes(failed, "dead");
  }
  const { secret, ...made } = JSON.parse(first[3]?.text ?? "") as { secret: string };
  expect(secret).toMatch(/^berth_/);
  expect(await storedAnswers()).not.toContain(secret.slice(-43));

  const before = await audited();
  await stack.killDaemon("SIGKILL");
  await stack.startDaemon();
  for (const [at, write] of writes.entries()) {
    const again = await send(write, `k-${at}`);
    const told =
      at === 3 ? { ...made, secret: null, page: null } : JSON.parse(first[at]?.text ?? "");
    expect([write.path, again.status, JSON.parse(again.text)]).toEqual([write.path, 200, told]);
    const refused = await send(writes[(at + 1) % writes.length] ?? write, `k-${at}`);
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      409,
      { code: "postgres.idempotency-reused" },
    ]);
  }
  expect(await audited()).toBe(before);
  const attempts = JSON.parse((await stack.get(`/api/v1/tasks/${failed}/attempts`)).body) as {
    items: object[];
  };
  expect(attempts.items).toHaveLength(2);
}, 180_000);

test("of fifty at once one is done, and all are told the same", async () => {
  const before = await audited();
  const { wanted } = JSON.parse((await stack.get("/api/v1/projects/web")).body) as {
    wanted: string;
  };
  expect(wanted).toBe("active");
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => send({ path: "/projects/web/restart" }, "burst")),
  );
  expect(answers[0]?.status).toBe(200);
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await audited()).toBe(before + 1);
});
