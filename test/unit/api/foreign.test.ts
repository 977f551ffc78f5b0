/** Generated from the route table: for a project's token another project's object is not there, on every route, and the host is not its business. */
import { z } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import type { Route } from "../../../src/api/route.ts";
import { startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";
import { bodyFor, FOREIGN, OWN, pathFor, tableOf, twoProjects } from "../../support/route-table.ts";

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
    ["agents", "audit", "events", "live", "logs", "questions", "queue", "runs", "tasks"].toSorted(),
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
