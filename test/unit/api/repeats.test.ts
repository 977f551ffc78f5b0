/** Generated from the route table: a write under one `Idempotency-Key` happens once, and its repeats get the first answer. */
import { expect, test } from "vitest";
import type { Route } from "../../../src/api/route.ts";
import type { Answer, TestServer } from "../../support/api-server.ts";
import { startServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { fakeDaemon, type FakeDaemon } from "../../support/fake-daemon.ts";
import { bodyFor, pathFor, tableOf, twoProjects } from "../../support/route-table.ts";

/** All that changes something; `plan` is a POST for its body alone. */
const writes = tableOf(fakeDaemon()).filter(
  ({ method, path }) => method !== "get" && path !== "/api/v1/plan",
);
/** Tasks keep their keys themselves, in the database, and a repeat says that it is one. */
const kept = writes.filter(({ path }) => path !== "/api/v1/tasks");
const named = kept.map((route) => [`${route.method} ${route.path}`, route] as const);

/** What is told once. */
const SECRETS: Readonly<Record<string, Readonly<Record<string, null>>>> = {
  "/api/v1/tokens": { secret: null, page: null },
  "/api/v1/projects/{name}/exec-ticket": { ticket: null },
};

interface Request {
  readonly path: string;
  readonly body: unknown;
}

function first(route: Route): Request {
  const body = route.path === "/api/v1/log-level" ? { level: "warn" } : bodyFor(route, "web");
  return { path: pathFor(route, "web"), body };
}

/** Another request to the same route: another body, or where none is taken, another object. */
function differing(route: Route): Request {
  const bundle = { entry: "b.yaml", files: { "b.yaml": "" }, base: "/", overlays: [] };
  const bodies: Readonly<Record<string, unknown>> = {
    "/api/v1/tasks/{id}/priority": { priority: 2 },
    "/api/v1/projects/{name}/agents/{agent}/scale": { replicas: 2 },
    "/api/v1/projects/{name}/pause": { mode: "stop" },
    "/api/v1/questions/{id}/answer": { text: "no" },
    "/api/v1/apply": { bundle },
    "/api/v1/rollback": { generation: 2 },
    "/api/v1/down": { source: "/elsewhere" },
    "/api/v1/gc": { dryRun: true },
    "/api/v1/log-level": { level: "debug" },
    "/api/v1/tokens": { name: "y", scope: "read" },
  };
  const body = bodies[route.path];
  const at = route.path.replaceAll("{token}", "other");
  if (body !== undefined) return { path: pathFor(route, "web"), body };
  return { path: pathFor({ ...route, path: at }, "api"), body: bodyFor(route, "api") };
}

function ask(server: TestServer, route: Route, request: Request & { key: string }) {
  const { path, body, key } = request;
  const sent = route.method === "delete" ? {} : { body };
  const method = route.method.toUpperCase();
  return server.ask({ method, path, headers: { "idempotency-key": key }, ...sent });
}

/** Two projects and tokens `x` and `other`; `done` counts what was carried out. */
async function world(): Promise<{ daemon: FakeDaemon; done: () => number }> {
  const more: string[] = [];
  const count = <T>(what: string, answer: T): T => {
    more.push(what);
    return answer;
  };
  const fake = twoProjects();
  const daemon: FakeDaemon = {
    ...fake,
    setLogLevel: async ({ level }) => count(level, { level }),
    cancelTask: async (id) => count("cancel", await fake.task(id)),
    retryTask: async (id) => count("retry", await fake.task(id)),
    prioritiseTask: async (id) => count("prioritise", await fake.task(id)),
    answerQuestion: async ({ id }) => count("answer", await fake.question(id)),
  };
  const by = { who: "local", claim: null, reason: null };
  for (const name of ["x", "other"])
    await daemon.createToken({ name, scope: "read", project: null, expiresAt: null, by });
  const before = daemon.asked.length;
  return { daemon, done: () => daemon.asked.length - before + more.length };
}

const plain = (answer: Answer): unknown => [answer.status, answer.json()];

test("every write is looked at", () => {
  expect(writes.length).toBe(kept.length + 1);
  expect(kept.length).toBeGreaterThanOrEqual(23);
});

test.each(named)(
  "%s: a repeat is answered like the first and changes nothing",
  async (_, route) => {
    const { daemon, done } = await world();
    await using server = await startServer(daemon);
    const request = { ...first(route), key: "k-1" };
    const answer = await ask(server, route, request);
    const once = done();
    expect(answer.status).toBe(200);
    const told = Object.assign({}, answer.json(), SECRETS[route.path]);
    expect(plain(await ask(server, route, request))).toEqual([200, told]);
    expect(plain(await ask(server, route, request))).toEqual([200, told]);
    expect(done()).toBe(once);
    const anew = await ask(server, route, { ...request, key: "k-2" });
    expect(anew.status).toBe(200);
    expect(done()).toBe(2 * once);
  },
);

test.each(named)("%s: another request under the key is refused", async (_, route) => {
  const { daemon, done } = await world();
  await using server = await startServer(daemon);
  await ask(server, route, { ...first(route), key: "k-1" });
  const once = done();
  const refused = await ask(server, route, { ...differing(route), key: "k-1" });
  expect(plain(refused)).toMatchObject([409, { code: "postgres.idempotency-reused" }]);
  expect(done()).toBe(once);
});

test.each(named)("%s: of many at once one is carried out", async (_, route) => {
  const { daemon, done } = await world();
  await using server = await startServer(daemon);
  await ask(server, route, { ...first(route), key: "before" });
  const once = done();
  const request = { ...first(route), key: "k-1" };
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(server, route, request)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(done()).toBe(2 * once);
});

test("a key is its caller's own: another token's request under it is a request like any other", async () => {
  const { daemon, done } = await world();
  await using server = await startServer(daemon);
  const tokens = await Promise.all([bearer(daemon, "admin"), bearer(daemon, "admin")]);
  const before = done();
  for (const { headers } of tokens) {
    const sent = { ...headers, "idempotency-key": "k-1" };
    const answer = await server.askTcp({ path: "/api/v1/gc", body: {}, headers: sent });
    expect(answer.status).toBe(200);
  }
  expect(done()).toBe(before + 2);
});

test("what failed may be tried again under its key", async () => {
  let broken = true;
  const { daemon } = await world();
  const gc: FakeDaemon["gc"] = async (request) => {
    if (broken) throw new TypeError("no engine");
    return daemon.gc(request);
  };
  await using server = await startServer({ ...daemon, gc });
  const sent = { path: "/api/v1/gc", body: {}, headers: { "idempotency-key": "k-1" } };
  expect((await server.ask(sent)).status).toBe(500);
  broken = false;
  expect((await server.ask(sent)).status).toBe(200);
});
