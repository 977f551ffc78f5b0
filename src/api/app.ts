/** The HTTP application: routes behind one way in (parse, check, answer) and one way out (answer or problem). */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { asBerthError, BerthError, causeChain } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { readJson } from "./body.ts";
import type { Bounds } from "./bounds.ts";
import { callerOf, idempotencyKeyOf } from "./caller.ts";
import type { ApiLog } from "./log.ts";
import { openApiDocument } from "./openapi.ts";
import { problemOf, problemResponse } from "./problem.ts";
import type { Route } from "./route.ts";
import { liveRoutes } from "./routes-live.ts";
import { probeRoutes } from "./routes-probe.ts";
import { projectRoutes } from "./routes-project.ts";
import { readRoutes } from "./routes-read.ts";
import { streamRoutes } from "./routes-stream.ts";
import { taskRoutes } from "./routes-task.ts";
import { writeRoutes } from "./routes-write.ts";
import type { Readers } from "./stream.ts";

export const BASE = "/api/v1";

export interface AppFacts {
  readonly daemon: Daemon;
  readonly version: string;
  readonly log: ApiLog;
  readonly bounds: Bounds;
  readonly readers: Readers;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Every route of the daemon but the terminal, which is a WebSocket and lives in terminal.ts. */
export function makeApp(facts: AppFacts): OpenAPIHono {
  const { daemon, readers } = facts;
  const app = new OpenAPIHono();
  const versioned = [
    ...readRoutes(daemon),
    ...writeRoutes(daemon),
    ...projectRoutes(daemon),
    ...streamRoutes(daemon, readers),
    ...liveRoutes(facts),
    ...taskRoutes(daemon, facts.now),
  ].map((route) => ({ ...route, path: BASE + route.path }));
  const routes = [...versioned, ...probeRoutes(daemon, facts.version)];
  for (const route of routes) {
    app.openAPIRegistry.registerPath({ ...route.operation, path: route.path });
    app.on(route.method.toUpperCase(), [honoPath(route.path)], (context) =>
      answer(route, context, facts),
    );
  }
  app.get(`${BASE}/openapi.json`, (context) => context.json(openApiDocument(app, facts.version)));
  app.notFound((context) => problemResponse(problemOf(unrouted(routes, context))));
  app.onError((thrown) => failed(thrown, facts.log));
  return app;
}

async function answer(route: Route, context: Context, facts: AppFacts): Promise<Response> {
  const request = context.req.raw;
  return route.respond({
    params: context.req.param(),
    query: queryOf(new URL(request.url).searchParams),
    body: await readJson(request, facts.bounds[route.bodyLimit]),
    by: callerOf(request.headers),
    idempotencyKey: idempotencyKeyOf(request.headers),
    headers: request.headers,
    signal: request.signal,
  });
}

function failed(thrown: unknown, log: ApiLog): Response {
  const error = asBerthError(thrown);
  if (error.kind === "defect")
    log.error({ code: error.code, chain: causeChain(error), stack: error.stack }, "request failed");
  return problemResponse(problemOf(error));
}

/** A key given once is text, more than once a list; what may repeat is for the schema to say. */
function queryOf(search: URLSearchParams): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    [...new Set(search.keys())].map((key) => {
      const values = search.getAll(key);
      return [key, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function unrouted(routes: readonly Route[], context: Context): BerthError {
  const { method, path } = context.req;
  const others = routes
    .filter((route) => matches(route.path, path))
    .map((route) => route.method.toUpperCase());
  if (others.length > 0)
    return new BerthError("usage", {
      code: "api.method-refused",
      detail: `${path} does not take ${method}`,
      hint: `it takes ${others.join(", ")}`,
    });
  return new BerthError("usage", {
    code: "api.route-missing",
    detail: `nothing is at ${path}`,
    hint: `${BASE}/openapi.json lists what is`,
  });
}

function matches(template: string, path: string): boolean {
  const parts = template.split("/");
  const given = path.split("/");
  return (
    parts.length === given.length &&
    parts.every((part, at) => part.startsWith("{") || part === given[at])
  );
}
