/** The route of the live stream, which the page reads instead of asking again and again. */
import type { Daemon } from "../loop/daemon.ts";
import { liveItem, liveQuery } from "../schema/api-live.ts";
import { within } from "./access.ts";
import type { Bounds } from "./bounds.ts";
import { lastEventId } from "./last-event-id.ts";
import { live, LIVE_WIRE } from "./live.ts";
import { LiveBoard } from "./live-board.ts";
import { type Route, route } from "./route.ts";
import type { Readers } from "./stream.ts";

export interface LiveFacts {
  readonly daemon: Daemon;
  readonly bounds: Bounds;
  readonly readers: Readers;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One board serves all readers, so that many of them cost hardly more than one. */
export function liveRoutes({ daemon, bounds, readers, now }: LiveFacts): readonly Route[] {
  const board = new LiveBoard(daemon, now);
  return [
    route({
      method: "get",
      path: "/live",
      summary: "The state of everything, then what changes of it, and events as they happen",
      access: { kind: "narrowed", scope: "read" },
      query: liveQuery,
      response: liveItem,
      media: ["text/event-stream"],
      answer: (call) => {
        const { query, headers, caller } = call;
        const project = within(caller, query.project ?? null);
        if (project !== null) daemon.project(project);
        const after = lastEventId(headers) ?? query.after ?? null;
        return readers.respond(LIVE_WIRE, call, (ended) =>
          live({ daemon, board, bounds }, { project, after, caller }, ended),
        );
      },
    }),
  ];
}
