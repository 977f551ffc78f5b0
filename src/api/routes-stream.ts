/** Routes that stream: events and logs, as server-sent events or NDJSON. */
import type { Daemon } from "../loop/daemon.ts";
import type { EventRecord } from "../model/event.ts";
import { type ApiOutputLine, eventPage, outputLine } from "../schema/api-record.ts";
import { eventsQuery, logsQuery } from "../schema/api-request.ts";
import { within } from "./access.ts";
import { lastEventId } from "./last-event-id.ts";
import { mergeByTime } from "./merge.ts";
import { type Route, route } from "./route.ts";
import { ndjson, type Readers, sse } from "./stream.ts";

const SSE = "text/event-stream";
const NDJSON = "application/x-ndjson";
/** One for all readers, so that an event becomes text once. */
const EVENT_WIRE = sse<EventRecord>((event) => String(event.id));

/** `/events` is a list unless the caller accepts a stream; `/logs` is always a stream. */
export function streamRoutes(daemon: Daemon, readers: Readers): readonly Route[] {
  return [eventsRoute(daemon, readers), logsRoute(daemon, readers)];
}

function eventsRoute(daemon: Daemon, readers: Readers): Route {
  return route({
    method: "get",
    path: "/events",
    summary:
      "Events in pages; with `Accept: text/event-stream` live, resumed by `Last-Event-ID` without a gap",
    access: { kind: "narrowed", scope: "read" },
    query: eventsQuery,
    response: eventPage,
    media: ["application/json", SSE],
    answer: async (call) => {
      const { query, headers, caller } = call;
      const project = within(caller, query.project ?? null);
      if (wantsStream(headers)) {
        const after = lastEventId(headers) ?? query.after ?? null;
        return readers.respond(EVENT_WIRE, call, (ended) =>
          onlyKinds(daemon.follow({ after, project }, ended), query.kind),
        );
      }
      const newestFirst = query.order === "newest";
      const asked = { after: query.after ?? null, project, kinds: query.kind, newestFirst };
      const found = await daemon.events({ ...asked, limit: query.limit + 1 });
      const items = found.slice(0, query.limit);
      // newest first has no following page: older events are reached by id, oldest first
      const more = !newestFirst && found.length > query.limit;
      return { items, next: more ? String(items.at(-1)?.id) : null };
    },
  });
}

/** Who says where to resume means the stream, whatever else is acceptable. */
function wantsStream(headers: Headers): boolean {
  const accept = headers.get("accept") ?? "*/*";
  return accept.includes(SSE) || (headers.has("last-event-id") && accept.includes("*/*"));
}

async function* onlyKinds(
  events: AsyncIterable<EventRecord>,
  kinds: readonly string[],
): AsyncGenerator<EventRecord> {
  for await (const event of events)
    if (kinds.length === 0 || kinds.includes(event.kind)) yield event;
}

function logsRoute(daemon: Daemon, readers: Readers): Route {
  return route({
    method: "get",
    path: "/logs",
    summary: "Output of agents of one, several or all projects, also of containers that are gone",
    access: { kind: "narrowed", scope: "read" },
    query: logsQuery,
    response: outputLine,
    media: [NDJSON, SSE],
    answer: (call) => {
      const { query, headers, caller } = call;
      const own = within(caller, null);
      const wanted = query.project.length === 0 && own !== null ? [own] : query.project;
      for (const name of wanted) within(caller, name);
      const named =
        wanted.length === 0 ? daemon.projects() : wanted.map((name) => daemon.project(name));
      const projects = [...new Set(named.map((project) => project.name))];
      const asked = {
        agent: query.agent ?? null,
        ...(query.replica === undefined ? {} : { replica: query.replica }),
        run: query.run ?? null,
        since: query.since ?? null,
        until: query.until ?? null,
        tail: query.tail ?? null,
        previous: query.previous,
        follow: query.follow,
      };
      const wire =
        headers.get("accept")?.includes(SSE) === true
          ? sse<ApiOutputLine>(cursorOf)
          : ndjson<ApiOutputLine>();
      return readers.respond(wire, call, (ended) =>
        mergeByTime(
          projects.map((project) => linesOf(daemon, { ...asked, project }, ended)),
          query.follow,
        ),
      );
    },
  });
}

function cursorOf(line: ApiOutputLine): string {
  return `${line.project}:${line.cursor}`;
}

async function* linesOf(
  daemon: Daemon,
  query: Parameters<Daemon["output"]>[0],
  ended: AbortSignal,
): AsyncGenerator<ApiOutputLine> {
  for await (const line of daemon.output(query, ended)) yield { project: query.project, ...line };
}
