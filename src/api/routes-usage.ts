/** Routes of usage history: of a project and of the host. */
import type { Daemon } from "../loop/daemon.ts";
import type { UsageRequest } from "../loop/usage-daemon.ts";
import { projectPath } from "../schema/api-request.ts";
import { usageQuery, usageView } from "../schema/api-usage.ts";
import { onProject } from "./access.ts";
import { type Route, route } from "./route.ts";

/** Points over time; the finer the step, the less far back it reaches. */
export function usageRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/projects/{name}/metrics",
      summary: "Use of CPU, memory, processes and queue over time; also of a project that is gone",
      access: onProject("read"),
      params: projectPath,
      query: usageQuery,
      response: usageView,
      answer: ({ params, query }) => daemon.usage(requestOf(params.name, query)),
    }),
    route({
      method: "get",
      path: "/metrics/host",
      summary: "Use of all projects together over time",
      access: { kind: "host", scope: "read" },
      query: usageQuery,
      response: usageView,
      answer: ({ query }) => daemon.usage(requestOf(null, query)),
    }),
  ];
}

interface Asked {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly step?: number | undefined;
}

function requestOf(project: string | null, { from, to, step }: Asked): UsageRequest {
  return {
    project,
    from: from ?? null,
    to: to ?? null,
    stepMs: step === undefined ? null : step * 1000,
  };
}
