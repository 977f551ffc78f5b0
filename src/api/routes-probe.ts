/** Routes for probes and scrapers, outside /api/v1: alive, ready, metrics. */
import { z } from "@hono/zod-openapi";
import type { Daemon } from "../loop/daemon.ts";
import { aliveView, readyView } from "../schema/api-host.ts";
import { readyFor } from "./access.ts";
import { type Route, route } from "./route.ts";

/** What prom-client writes. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** `/readyz` is 503 while not ready and names dependencies and degraded modes either way. */
export function probeRoutes(daemon: Daemon, version: string): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/healthz",
      summary: "The daemon's process is alive",
      access: { kind: "open" },
      response: aliveView,
      answer: () => ({ alive: true as const, version }),
    }),
    route({
      method: "get",
      path: "/readyz",
      summary: "Dependencies by name and degraded modes; 503 while not ready",
      access: { kind: "narrowed", scope: "read" },
      response: readyView,
      answer: ({ caller }) => {
        const view = readyFor(caller, daemon.ready());
        return Response.json(view, { status: view.ready ? 200 : 503 });
      },
    }),
    route({
      method: "get",
      path: "/metrics",
      summary: "Prometheus metrics",
      access: { kind: "host", scope: "read" },
      response: z.string(),
      media: ["text/plain"],
      answer: async () =>
        new Response(await daemon.metrics(), { headers: { "content-type": METRICS_TYPE } }),
    }),
  ];
}
