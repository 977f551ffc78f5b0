/** Routes of one run: what is recorded of it, and its output by range or as it comes. */
import type { Daemon } from "../loop/daemon.ts";
import { type ApiOutputLine, outputLine, runRecord } from "../schema/api-record.ts";
import { outputQuery, runPath } from "../schema/api-request.ts";
import { type Route, route } from "./route.ts";
import { ndjson, type Readers, sse } from "./stream.ts";

const SSE = "text/event-stream";
const NDJSON = "application/x-ndjson";

/** Output is kept when the container is gone. */
export function runRoutes(daemon: Daemon, readers: Readers): readonly Route[] {
  const owner = (id: string): Promise<string> => daemon.runOwner(id);
  return [
    route({
      method: "get",
      path: "/runs/{id}",
      summary: "One run: when it began, how it ended",
      access: { kind: "project", scope: "read", of: ({ params }) => owner(params.id) },
      params: runPath,
      response: runRecord,
      answer: ({ params }) => daemon.run(params.id),
    }),
    route({
      method: "get",
      path: "/runs/{id}/output",
      summary:
        "Its output: all, a range of times, the last lines, what follows a cursor; with `follow` until it ends",
      access: { kind: "project", scope: "read", of: ({ params }) => owner(params.id) },
      params: runPath,
      query: outputQuery,
      response: outputLine,
      media: [NDJSON, SSE],
      answer: async (call) => {
        const { params, query, headers } = call;
        const project = await daemon.runOwner(params.id);
        const asked = {
          project,
          agent: null,
          run: params.id,
          since: query.since ?? null,
          until: query.until ?? null,
          tail: query.tail ?? null,
          previous: false,
          follow: query.follow,
          after: headers.get("last-event-id") ?? query.after ?? null,
        };
        const isSse = headers.get("accept")?.includes(SSE) === true;
        const wire = isSse ? sse<ApiOutputLine>(({ cursor }) => cursor) : ndjson<ApiOutputLine>();
        return readers.respond(wire, call, (ended) => named(project, daemon.output(asked, ended)));
      },
    }),
  ];
}

async function* named(
  project: string,
  lines: ReturnType<Daemon["output"]>,
): AsyncGenerator<ApiOutputLine> {
  for await (const line of lines) yield { project, ...line };
}
