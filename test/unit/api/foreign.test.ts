/** Generated from the route table: for a project's token another project's object is not there, on every route, and the host is not its business. */
import { z } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import { routesOf } from "../../../src/api/app.ts";
import { BOUNDS } from "../../../src/api/bounds.ts";
import { AllowedHosts } from "../../../src/api/hosts.ts";
import { Rates } from "../../../src/api/rates.ts";
import type { Route } from "../../../src/api/route.ts";
import { Readers } from "../../../src/api/stream.ts";
import { Tickets } from "../../../src/api/tickets.ts";
import { TokenWatch } from "../../../src/api/token-watch.ts";
import { BerthError } from "../../../src/base/errors.ts";
import type { Daemon } from "../../../src/loop/daemon.ts";
import { startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { aProject, aRun, fakeDaemon } from "../../support/fake-daemon.ts";
import { aQuestion } from "../../support/fake-questions.ts";
import { aTask } from "../../support/fake-tasks.ts";

const OWN = "web";
const FOREIGN = "api";
const absent = (id: string) =>
  new BerthError("usage", { code: "loop.subject-unknown", detail: `there is no ${id}` });

/** Ids of questions are numbers. */
const QUESTIONS: Readonly<Record<string, string>> = { [OWN]: "1", [FOREIGN]: "2" };

/** Two projects, each with a task and a run; nothing else exists. */
function twoProjects(): Daemon {
  const daemon = fakeDaemon();
  daemon.world = [aProject(OWN), aProject(FOREIGN)];
  const projectOf = (id: string): string => {
    const project = [OWN, FOREIGN].find((name) => id === `${name}-1`);
    if (project === undefined) throw absent(id);
    return project;
  };
  return {
    ...daemon,
    task: async (id) => aTask(id, { project: projectOf(id) }),
    run: async (id) => aRun(id, { project: projectOf(id) }),
    runOwner: async (id) => projectOf(id),
    question: async (id) => {
      const owner = Object.entries(QUESTIONS).find(([, number]) => number === id)?.[0];
      return aQuestion(id, { project: projectOf(`${owner}-1`) });
    },
    why: async (id) => ({ ...(await daemon.why("t-1")), project: projectOf(id) }),
  };
}

function tableOf(daemon: Daemon): readonly Route[] {
  const watch = new TokenWatch(async () => true);
  return routesOf({
    daemon,
    version: "0",
    log: { error: () => undefined, warn: () => undefined },
    bounds: BOUNDS,
    readers: new Readers(BOUNDS, watch),
    rates: new Rates({ perSecond: 1, burst: 1, elapsed: () => 0 }),
    tickets: new Tickets(() => 0),
    hosts: new AllowedHosts([]),
    page: new Map(),
    pageUrl: () => null,
    now: () => 0,
  });
}

/** Bodies that pass their schemas; every route with a body is here, or the test fails. */
function bodyFor(route: Route, project: string): unknown {
  const bundle = { entry: "berth.yaml", files: { "berth.yaml": "" }, base: "/", overlays: [] };
  const bodies: Readonly<Record<string, unknown>> = {
    "/api/v1/tasks": { project, agent: "coder" },
    "/api/v1/tasks/{id}/priority": { priority: 1 },
    "/api/v1/projects/{name}": { declaration: {} },
    "/api/v1/projects/{name}/agents/{agent}/scale": { replicas: 1 },
    "/api/v1/questions/{id}/answer": { text: "yes" },
    "/api/v1/plan": { bundle },
    "/api/v1/apply": { bundle },
    "/api/v1/rollback": { generation: 1 },
    "/api/v1/tokens": { name: "x", scope: "read" },
  };
  return bodies[route.path] ?? {};
}

/** The path with that project's things in the place of its parameters. */
function pathFor(route: Route, project: string): string {
  const things: Readonly<Record<string, string>> = {
    name: project,
    project,
    agent: "coder",
    id: route.path.includes("/questions/") ? (QUESTIONS[project] ?? "3") : `${project}-1`,
    subject: `${project}-1`,
    generation: "1",
    token: "x",
  };
  return route.path.replaceAll(/\{(\w+)\}/g, (_all, key: string) => things[key] ?? "?");
}

async function ask(
  server: TestServer,
  route: Route,
  { project, headers, query = "" }: { project: string; headers: object; query?: string },
) {
  const method = route.method.toUpperCase();
  const body = ["get", "delete"].includes(route.method) ? {} : { body: bodyFor(route, project) };
  const path = pathFor(route, project) + query;
  return server.askTcp({ method, path, headers: { ...headers }, ...body });
}

const routes = tableOf(fakeDaemon());
const about = routes.filter(({ access }) => access.kind === "project");
const narrowed = routes.filter(({ access }) => access.kind === "narrowed");
const ofHost = routes.filter(({ access }) => access.kind === "host");

test("every route says what it is about, and only liveness is for anybody", () => {
  expect(about.length + narrowed.length + ofHost.length + 1).toBe(routes.length);
  expect(about.length).toBeGreaterThan(20);
  const open = routes.filter(({ access }) => access.kind === "open");
  expect(open.map(({ path }) => path)).toEqual(["/healthz"]);
});

test.each(about.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: a foreign project's is 404, just like what does not exist, and its own is reached",
  async (_name, route) => {
    const daemon = twoProjects();
    await using server = await startServer(daemon, { refusalMs: 1 });
    const { headers } = await bearer(daemon, "admin", { project: OWN });
    const foreign = await ask(server, route, { project: FOREIGN, headers });
    const missing = await ask(server, route, { project: "nobody", headers });
    expect([foreign.status, foreign.json()]).toMatchObject([404, { code: "api.object-missing" }]);
    expect(foreign.text).toBe(missing.text);
    const own = await ask(server, route, { project: OWN, headers });
    expect(own.text).not.toContain("api.object-missing");
  },
);

const naming = narrowed.filter(({ operation }) => {
  const query: unknown = operation.request?.query;
  return query instanceof z.ZodObject && "project" in query.shape;
});

test("lists and streams that can be narrowed to a project are known", () => {
  expect(naming.map(({ path }) => path.replace("/api/v1/", "")).toSorted()).toEqual(
    ["audit", "events", "live", "logs", "questions", "queue", "runs", "tasks"].toSorted(),
  );
});

test.each(naming.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: naming a foreign project is 404",
  async (_name, route) => {
    const daemon = twoProjects();
    await using server = await startServer(daemon);
    const { headers } = await bearer(daemon, "admin", { project: OWN });
    const query = `?project=${FOREIGN}`;
    const foreign = await ask(server, route, { project: FOREIGN, headers, query });
    expect([foreign.status, foreign.json()]).toMatchObject([404, { code: "api.object-missing" }]);
  },
);

test.each(narrowed.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: naming none shows only its own",
  async (_name, route) => {
    const daemon = twoProjects();
    await using server = await startServer(daemon);
    const { headers } = await bearer(daemon, "admin", { project: OWN });
    const stop = new AbortController();
    const own = await fetch(server.url + pathFor(route, OWN), { headers, signal: stop.signal });
    const first = await own.body?.getReader().read();
    expect(own.status).toBe(200);
    expect(new TextDecoder().decode(first?.value)).not.toContain(`"${FOREIGN}"`);
    stop.abort();
  },
);

test.each(ofHost.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: is not for a project's token, nor for a lesser scope",
  async (_name, route) => {
    const daemon = twoProjects();
    await using server = await startServer(daemon);
    const { headers } = await bearer(daemon, "admin", { project: OWN });
    const refused = await ask(server, route, { project: OWN, headers });
    expect([refused.status, refused.json()]).toMatchObject([
      403,
      { code: "api.token-project-only" },
    ]);
    const reader = await bearer(daemon, "read");
    const answer = await ask(server, route, { project: OWN, headers: reader.headers });
    const scope = route.access.kind === "host" ? route.access.scope : null;
    expect(answer.status === 403).toBe(scope !== "read");
  },
);

test("what changes anything needs more than `read`, and all but tasks and answers `admin`", () => {
  const changing = [...about, ...ofHost, ...narrowed].filter(({ method }) => method !== "get");
  const harmless = changing.filter(
    ({ access }) => access.kind !== "open" && access.scope === "read",
  );
  expect(harmless.map(({ path }) => path)).toEqual(["/api/v1/plan"]);
  const run = changing.filter(({ access }) => access.kind !== "open" && access.scope === "run");
  expect(
    run.map(({ path }) => path).every((path) => /^\/api\/v1\/(tasks|questions)\b/.test(path)),
  ).toBe(true);
});
