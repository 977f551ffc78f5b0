/** Tokens on the real thing: over TCP, as far as they reach, until they are revoked, also by another daemon; and every change in the audit log. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host, IMAGE } from "../../support/samples.ts";
import { eventually, type Stack, startStack } from "../../support/stack.ts";

const PROJECTS = `  web:
    limits: { agents: 4, memory: 96MiB }
    agents:
      beat: { command: [/bin/sh, -c, "while :; do echo beat; sleep 1; done"] }
      coder:
        command: [/bin/sh, -c, "cat"]
        on: task
  api:
    limits: { memory: 96MiB }
    agents:
      beat: { command: [/bin/sh, -c, "while :; do sleep 5; done"] }
`;
const PORT = 20_000 + (process.pid % 10_000);
const URL = `http://127.0.0.1:${PORT}`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.killDaemon("SIGTERM");
  await stack.startDaemon({ BERTH_LISTEN: `unix:${stack.socket},127.0.0.1:${PORT}` });
  await stack.apply(host(PROJECTS));
});
afterAll(() => stack.close());

interface Made {
  readonly token: { id: string };
  readonly secret: string;
  readonly page: string;
}
const make = (name: string, ...more: string[]): Promise<Made> =>
  stack.json<Made>("token", "create", name, ...more);
const ask = (path: string, secret: string, init: RequestInit = {}): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${secret}`);
  return fetch(`${URL}/api/v1${path}`, { ...init, headers });
};
const codeOf = async (response: Response): Promise<unknown> => {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
};

test("a token of one project works there and finds nothing elsewhere", async () => {
  const { secret, page } = await make("worker", "--scope", "run", "--project", "web");
  expect(page).toBe(`${URL}/#token=${secret}`);
  const listed = (await (await ask("/projects", secret)).json()) as { items: { name: string }[] };
  expect(listed.items.map(({ name }) => name)).toEqual(["web"]);
  const json = { "content-type": "application/json" };
  const submit = (project: string): Promise<Response> =>
    ask("/tasks", secret, {
      method: "POST",
      headers: { ...json, "x-berth-reason": "nightly" },
      body: JSON.stringify({ project, agent: "coder", payload: { n: 1 } }),
    });
  const submitted = await submit("web");
  const { task } = (await submitted.json()) as { task: { id: string } };
  expect(submitted.status).toBe(200);
  expect(await codeOf(await submit("api"))).toEqual([404, "api.object-missing"]);
  expect(await codeOf(await ask("/projects/api", secret))).toEqual([404, "api.object-missing"]);
  const run = await eventually("the task ran", async () => {
    const shown = (await (await ask(`/tasks/${task.id}`, secret)).json()) as { run: string | null };
    return shown.run ?? undefined;
  });
  // its output is there from the moment it is handed over, its record once it began
  const output = await ask(`/runs/${run}/output?follow=true`, secret);
  expect(await output.text()).toContain('{\\"n\\":1}');
  await eventually("the run is recorded", async () => {
    const recorded = (await (await ask(`/runs/${run}`, secret)).json()) as { project?: string };
    return recorded.project === "web" ? true : undefined;
  });
  const pause = await ask("/projects/web/pause", secret, { method: "POST" });
  expect(await codeOf(pause)).toEqual([403, "api.scope-missing"]);
});

test("a revoked token is refused and its event stream over within a second, wherever it was revoked", async () => {
  const { secret } = await make("watcher", "--scope", "read");
  const stream = await ask("/events", secret, { headers: { accept: "text/event-stream" } });
  expect(stream.status).toBe(200);
  const over = stream.text().then(
    () => performance.now(),
    () => performance.now(),
  );
  // straight in the records, as by another daemon: this one is not told
  const at = performance.now();
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  await client.query("update token set revoked_at = clock_timestamp() where name = 'watcher'");
  const recorded = performance.now();
  await eventually("refused", async () =>
    (await ask("/projects", secret)).status === 401 ? true : undefined,
  );
  expect(performance.now() - recorded).toBeLessThan(1_000);
  expect((await over) - at).toBeLessThan(1_500);
  await client.end();
});

test("every change is in the audit log, with who and why", async () => {
  const { secret } = await make("boss", "--scope", "admin", "--reason", "for the audit");
  const reason = { "x-berth-reason": "too loud" };
  await ask("/projects/web/pause", secret, { method: "POST", headers: reason });
  await ask("/projects/web/resume", secret, { method: "POST", headers: reason });
  await eventually("web runs again", async () =>
    (await stack.berth("exec", "--reason", "a look", "web", "--", "true")).code === 0
      ? true
      : undefined,
  );
  const declared = await ask("/projects/extra", secret, {
    method: "PUT",
    headers: { "content-type": "application/json", ...reason },
    body: JSON.stringify({
      declaration: {
        image: IMAGE,
        limits: { memory: "64MiB" },
        agents: { nap: { command: ["sleep", "1000"] } },
      },
    }),
  });
  expect([declared.status, await declared.json()]).toMatchObject([200, { projects: ["extra"] }]);
  const freed = await ask("/projects/extra?volumes=true", secret, {
    method: "DELETE",
    headers: reason,
  });
  expect([freed.status, await freed.json()]).toMatchObject([200, { project: "extra" }]);
  interface Entry {
    readonly action: string;
    readonly by: { who: string; reason: string | null };
  }
  const entries = await stack.json<Entry[]>("audit", "--since", "1h");
  const found = (action: string) => entries.find((entry) => entry.action === action)?.by;
  expect(found("want-frozen")).toMatchObject({ who: "token:boss", reason: "too loud" });
  expect(found("want-removed")).toMatchObject({ who: "token:boss", reason: "too loud" });
  expect(found("exec")).toMatchObject({ who: "local", reason: "a look" });
  expect(found("task.submit")).toMatchObject({ who: "token:worker", reason: "nightly" });
  expect(found("token.create")).toMatchObject({ who: "local", reason: "for the audit" });
  expect(entries.filter(({ action }) => action === "apply")).toHaveLength(2);
});

test("a token of a project that is removed opens nothing for the next one of its name", async () => {
  const { secret } = await make("gone", "--scope", "read", "--project", "api");
  expect((await ask("/projects", secret)).status).toBe(200);
  await stack.ok("remove", "api", "-y");
  await eventually("refused", async () =>
    (await ask("/projects", secret)).status === 401 ? true : undefined,
  );
});
