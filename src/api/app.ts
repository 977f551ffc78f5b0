/** The HTTP application: routes behind one way in (parse, check, answer) and one way out (answer or problem). */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { asBerthError, BerthError, causeChain } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { readJson } from "./body.ts";
import type { Bounds } from "./bounds.ts";
import { type Access, type Caller, refuseScope } from "./access.ts";
import { callerOf, type Entrance, idempotencyKeyOf } from "./caller.ts";
import type { Connection } from "./connections.ts";
import type { AllowedHosts } from "./hosts.ts";
import { refuseRate } from "./refuse-rate.ts";
import type { Rates } from "./rates.ts";
import type { ApiLog } from "./log.ts";
import { openApiDocument } from "./openapi.ts";
import { isPagePath, type Page, pageResponse } from "./page.ts";
import { problemOf, problemResponse } from "./problem.ts";
import type { Route } from "./route.ts";
import { declareRoute } from "./routes-declare.ts";
import { resourceRoutes } from "./routes-resource.ts";
import { runRoutes } from "./routes-run.ts";
import { liveRoutes } from "./routes-live.ts";
import { probeRoutes } from "./routes-probe.ts";
import { projectRoutes } from "./routes-project.ts";
import { questionRoutes } from "./routes-question.ts";
import { readRoutes } from "./routes-read.ts";
import { streamRoutes } from "./routes-stream.ts";
import { taskRoutes } from "./routes-task.ts";
import { ticketRoute } from "./routes-ticket.ts";
import { tokenRoutes } from "./routes-token.ts";
import { logRoutes } from "./routes-log.ts";
import { usageRoutes } from "./routes-usage.ts";
import { writeRoutes } from "./routes-write.ts";
import type { Readers } from "./stream.ts";
import type { Tickets } from "./tickets.ts";

const BASE = "/api/v1";

export interface AppFacts {
  readonly daemon: Daemon;
  readonly version: string;
  readonly log: ApiLog;
  readonly bounds: Bounds;
  readonly readers: Readers;
  readonly rates: Rates;
  readonly tickets: Tickets;
  readonly hosts: AllowedHosts;
  readonly page: Page;
  /** Where a browser finds the page; null while only unix sockets are served. */
  readonly pageUrl: () => string | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a listener knows of a request beyond its bytes. */
export interface Arrival {
  readonly entrance: Entrance;
  readonly connection: Connection;
}

type App = OpenAPIHono<{ Bindings: Arrival }>;
type AppContext = Context<{ Bindings: Arrival }>;

/** The OpenAPI document itself is for whoever may read anything. */
const DOCUMENT: Access<never> = { kind: "narrowed", scope: "read" };

/** Every route but the terminal, which is a WebSocket and lives in terminal.ts. */
export function routesOf(facts: AppFacts): readonly Route[] {
  const { daemon, readers } = facts;
  const versioned = [
    ...readRoutes(daemon),
    ...writeRoutes(daemon),
    ...projectRoutes(daemon),
    declareRoute(daemon),
    ...resourceRoutes(daemon),
    ...runRoutes(daemon, readers),
    ...streamRoutes(daemon, readers),
    ...liveRoutes(facts),
    ...usageRoutes(daemon),
    ...logRoutes(daemon),
    ...taskRoutes(daemon, facts.now),
    ticketRoute(facts.tickets, daemon),
    ...tokenRoutes(daemon, facts.pageUrl),
    ...questionRoutes(daemon),
  ].map((route) => ({ ...route, path: BASE + route.path }));
  return [...versioned, ...probeRoutes(daemon, facts.version)];
}

/** The application over those routes, the OpenAPI document and the page's files. */
export function makeApp(facts: AppFacts): App {
  const app: App = new OpenAPIHono();
  const routes = routesOf(facts);
  app.use("*", async (context, next) => {
    if (context.env.entrance === "tcp") facts.hosts.check(context.req.raw.headers);
    await next();
  });
  for (const route of routes) {
    app.openAPIRegistry.registerPath({ ...route.operation, path: route.path });
    app.on(route.method.toUpperCase(), [honoPath(route.path)], (context) =>
      answer(route, context, facts),
    );
  }
  app.get(`${BASE}/openapi.json`, async (context) => {
    await admitted(DOCUMENT, context, facts);
    return context.json(openApiDocument(app, facts.version));
  });
  app.notFound((context) => unrouted(routes, context, facts));
  app.onError((thrown) => failed(thrown, facts.log));
  return app;
}

async function answer(route: Route, context: AppContext, facts: AppFacts): Promise<Response> {
  const request = context.req.raw;
  const caller = await admitted(route.access, context, facts);
  refuseNul(request.url);
  return route.respond({
    once: (asked, work) => facts.daemon.once(asked, work),
    params: context.req.param(),
    query: queryOf(new URL(request.url).searchParams),
    body: await readJson(request, bodyLimit(route, context.env, facts.bounds)),
    caller,
    connection: context.env.connection,
    idempotencyKey: idempotencyKeyOf(request.headers),
    headers: request.headers,
    signal: request.signal,
  });
}

/** No name or word to look for has one, and the database takes none. */
function refuseNul(url: string): void {
  if (!url.includes("%00")) return;
  const detail = "the address holds a NUL (%00)";
  throw new BerthError("usage", { code: "api.request-invalid", detail });
}

/** Only on the socket are larger bodies taken, of declarations: over TCP whoever asks may be anywhere. */
function bodyLimit(route: Route, { entrance }: Arrival, bounds: Bounds): number {
  return bounds[entrance === "tcp" ? "bodyBytes" : route.bodyLimit];
}

/** Nobody: what an open route knows of its caller. */
const ANYBODY: Caller = {
  by: { who: "anybody", claim: null, reason: null },
  scope: "read",
  project: null,
  token: null,
};

/** Who calls, once it is known that the route is for them; comes before a body is read. */
async function admitted(
  access: Access<never>,
  { req, env }: AppContext,
  { daemon, rates, bounds }: AppFacts,
): Promise<Caller> {
  if (access.kind === "open") return ANYBODY;
  const caller = await callerOf(req.raw.headers, env.entrance, (text) => daemon.bearerOf(text));
  if (caller.token !== null)
    await refuseRate({ token: caller.token, connection: env.connection, rates, bounds });
  refuseScope(caller, access);
  return caller;
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

/** The page's files, else 404 or 405; what there is to ask for is told to those who may ask. */
async function unrouted(
  routes: readonly Route[],
  context: AppContext,
  facts: AppFacts,
): Promise<Response> {
  const { method, path, raw } = context.req;
  if (method === "GET" && isPagePath(facts.page, path))
    return pageResponse(facts.page, path, raw.headers);
  await admitted(DOCUMENT, context, facts);
  const taken = routes.filter((route) => matches(route.path, path)).map(methodOf);
  if (taken.length === 0) throw nothingAt(path);
  const response = problemResponse(problemOf(refusedMethod(method, path, taken)));
  response.headers.set("allow", taken.flatMap(withHead).join(", "));
  return response;
}

function methodOf({ method }: Route): string {
  return method.toUpperCase();
}

/** What answers GET answers HEAD. */
function withHead(method: string): readonly string[] {
  return method === "GET" ? ["GET", "HEAD"] : [method];
}

function refusedMethod(method: string, path: string, taken: readonly string[]): BerthError {
  return new BerthError("usage", {
    code: "api.method-refused",
    detail: `${path} does not take ${method}`,
    hint: `it takes ${taken.join(", ")}`,
  });
}

function nothingAt(path: string): BerthError {
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
    parts.every((part, at) => (part.startsWith("{") ? given[at] !== "" : part === given[at]))
  );
}
