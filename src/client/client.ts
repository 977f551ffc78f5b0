/** The API as functions, typed by its schemas: what the CLI and later the dashboard talk through. */
import type { ConfigView } from "../schema/api-declaration.ts";
import type { ApiGarbage, ApiHost, ApiReady, DoctorReport } from "../schema/api-host.ts";
import type { ApiApplied, ApiPlan, DownView } from "../schema/api-plan.ts";
import type { LiveItem, LiveQuery } from "../schema/api-live.ts";
import type { Problem } from "../schema/api-problem.ts";
import type { ApiProject, ApiRemoved, Description, ProjectList } from "../schema/api-project.ts";
import type {
  ApiEvent,
  ApiOutputLine,
  EventPage,
  GenerationList,
  GenerationView,
  RunPage,
} from "../schema/api-record.ts";
import type {
  ApplyBody,
  EventsQuery,
  LogsQuery,
  PlanBody,
  RunsQuery,
} from "../schema/api-request.ts";
import {
  type Ask,
  bearerOf,
  errorOf,
  type Identity,
  makeAsk,
  problemError,
  type Query,
} from "./call.ts";
import { linesOf, serverEventsOf, textOf } from "./lines.ts";
import { questionCalls } from "./questions.ts";
import { partCalls } from "./parts.ts";
import { taskCalls } from "./tasks.ts";
import { tokenCalls } from "./tokens.ts";
import { usageCalls } from "./usage.ts";
import type { Transport } from "./transport.ts";

export type Project = ApiProject;
export type Plan = ApiPlan;
export type Applied = ApiApplied;
export type Ready = ApiReady;
export type Event = ApiEvent;

/** A verb on a project, or on one of its agents when `agent` is given. */
export interface Steering {
  readonly project: string;
  readonly agent?: string;
  readonly verb: "pause" | "resume" | "complete" | "start" | "stop" | "restart" | "scale";
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Engine work may be under way behind these calls: removing waits out a stop grace, gc may remove gigabytes. */
const LONG_MS = 300_000;
const READY_MS = 10_000;
const V1 = "/api/v1";

export interface ClientOptions {
  readonly transport: Transport;
  readonly identity: Identity;
  /** Ends every call. */
  readonly signal: AbortSignal;
  /** A new idempotency key for a write, so that a repeat by the transport changes nothing twice. */
  readonly newKey: () => string;
}

export type Client = ReturnType<typeof makeClient>;

/** A client of one daemon. Every function throws BerthError. */
export function makeClient({ transport, identity, signal, newKey }: ClientOptions) {
  const ask = makeAsk(transport, identity);
  const calls = callsBelow(ask, signal, newKey);
  const { write } = calls;
  const get = <T>(path: string, query: Query = {}) =>
    read<T>(ask, { method: "GET", path, query, signal });
  return {
    projects: async () => (await get<ProjectList>(`${V1}/projects`)).items,
    project: (name: string) => get<Project>(`${V1}/projects/${seg(name)}`),
    describe: (name: string) => get<Description>(`${V1}/projects/${seg(name)}/describe`),
    runs: (query: RunsQuery) => get<RunPage>(`${V1}/runs`, texts(query)),
    events: (query: EventsQuery) => get<EventPage>(`${V1}/events`, texts(query)),
    host: () => get<ApiHost>(`${V1}/host`),
    config: () => get<ConfigView>(`${V1}/config`),
    doctor: async () => (await get<DoctorReport>(`${V1}/doctor`)).items,
    history: async (limit: number) =>
      (await get<GenerationList>(`${V1}/generations`, { limit })).items,
    generation: (generation: number) => get<GenerationView>(`${V1}/generations/${generation}`),
    /** What `rollback` to it would do. */
    rollbackPlan: (generation: number) => get<Plan>(`${V1}/generations/${generation}/plan`),
    plan: (body: PlanBody) => write<Plan>("/plan", body),
    apply: (body: ApplyBody) => write<Applied>("/apply", body),
    rollback: (generation: number) => write<Applied>("/rollback", { generation }),
    down: async (source: string | null) => (await write<DownView>("/down", { source })).projects,
    gc: (body: { dryRun: boolean; force: boolean }) => write<ApiGarbage>("/gc", body, LONG_MS),
    steer: ({ project, agent, verb, body }: Steering) =>
      write<Project>(
        agent === undefined
          ? `/projects/${seg(project)}/${verb}`
          : `/projects/${seg(project)}/agents/${seg(agent)}/${verb}`,
        body ?? {},
      ),
    remove: (project: string, volumes: boolean) =>
      calls.end<ApiRemoved>(`/projects/${seg(project)}`, { volumes }, LONG_MS),
    ...partCalls(calls),
    ...tokenCalls(calls),
    ...usageCalls(calls),
    ...taskCalls(calls),
    ...questionCalls(calls),
    /** Ready or not, the same view. */
    ready: () => readiness(transport, bearerOf(identity.token ?? null), signal),
    logs: (query: LogsQuery, until: AbortSignal = signal) => logStream(ask, texts(query), until),
    follow: (query: EventsQuery, until: AbortSignal = signal) =>
      serverStream<Event>(ask, { path: `${V1}/events`, query: texts(query), signal: until }),
    /** The state of everything, then what changes; at its end or fault it is asked for again with the last event's id. */
    live: (query: LiveQuery, until: AbortSignal = signal) =>
      serverStream<LiveItem>(ask, { path: `${V1}/live`, query: texts(query), signal: until }),
  };
}

/** The ways to ask for a JSON answer below `/api/v1`; `end` is DELETE. */
function callsBelow(ask: Ask, signal: AbortSignal, newKey: () => string) {
  const changing = (deadlineMs: number | undefined) => ({
    signal,
    idempotencyKey: newKey(),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    get: <T>(path: string, query: object = {}) =>
      read<T>(ask, { method: "GET", path: V1 + path, query: texts(query), signal }),
    write: <T>(path: string, body: object, deadlineMs?: number) =>
      read<T>(ask, { method: "POST", path: V1 + path, body, ...changing(deadlineMs) }),
    put: <T>(path: string, body: object) =>
      read<T>(ask, { method: "PUT", path: V1 + path, body, ...changing(undefined) }),
    end: <T>(path: string, query: Query = {}, deadlineMs?: number) =>
      read<T>(ask, { method: "DELETE", path: V1 + path, query, ...changing(deadlineMs) }),
  };
}

async function read<T>(ask: Ask, asking: Parameters<Ask>[0]): Promise<T> {
  const response = await ask(asking);
  // the daemon wrote it from the schema T comes from; checking it again would cost the CLI zod's start
  const answer: T = JSON.parse(await textOf(response.body));
  return answer;
}

async function readiness(
  transport: Transport,
  bearer: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ready> {
  const headers = { accept: "application/json", ...bearer };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
  const response = await transport({
    method: "GET",
    path: "/readyz",
    headers,
    body: null,
    signal: deadline,
  });
  const text = await textOf(response.body);
  // 503 is an answer too: it says what is missing
  if (response.status >= 400 && response.status !== 503) throw problemError(text, response.status);
  const view: Ready = JSON.parse(text);
  return view;
}

async function* logStream(
  ask: Ask,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<ApiOutputLine> {
  const accept = "application/x-ndjson";
  const response = await ask({
    method: "GET",
    path: `${V1}/logs`,
    query,
    accept,
    signal,
    deadlineMs: null,
  });
  for await (const line of linesOf(response.body)) {
    const item: ApiOutputLine | { problem: Problem } = JSON.parse(line);
    if ("problem" in item) throw errorOf(item.problem);
    yield item;
  }
}

async function* serverStream<T>(ask: Ask, asking: Streaming): AsyncGenerator<T> {
  const accept = "text/event-stream";
  const response = await ask({ method: "GET", ...asking, accept, deadlineMs: null });
  for await (const event of serverEventsOf(response.body)) {
    if (event.type === "problem") throw errorOf(JSON.parse(event.text));
    const item: T = JSON.parse(event.text);
    yield item;
  }
}

interface Streaming {
  readonly path: string;
  readonly query: Query;
  readonly signal: AbortSignal;
}

function seg(name: string): string {
  return encodeURIComponent(name);
}

/** Query inputs are coerced from text at the other end, so schemas call them unknown; only what a URL can carry goes. */
function texts(query: object): Query {
  const carried: Record<string, Query[string]> = {};
  for (const [key, value] of Object.entries(query) as [string, unknown][]) {
    if (Array.isArray(value)) carried[key] = value.map(String);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      carried[key] = value;
  }
  return carried;
}
