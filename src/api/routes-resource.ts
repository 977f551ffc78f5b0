/** Routes of resources: what the host has, what the pool of slots is at, and what each project was given of both. */
import type { Daemon } from "../loop/daemon.ts";
import { resourcesView } from "../schema/api-resource.ts";
import { agentList } from "../schema/api-project.ts";
import { nothing, projectPath } from "../schema/api-request.ts";
import { type Route, route } from "./route.ts";

/** They answer from memory. */
export function resourceRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/resources",
      summary: "Host, slots of the agent pool, and what each project was granted and uses",
      access: { kind: "host", scope: "read" },
      params: nothing,
      query: nothing,
      body: nothing,
      response: resourcesView,
      answer: async () => {
        const { strategy, slots, taken, waiting, workers } = await daemon.queue(null, 0);
        const allocations = daemon.projects().map((project) => ({
          project: project.name,
          admitted: project.health !== "waiting" && project.containerId !== null,
          reasons: project.reasons,
          limits: project.limits,
          usage: project.usage,
          slots: workers
            .filter((row) => row.project === project.name)
            .reduce((sum, row) => sum + row.running, 0),
        }));
        return { host: daemon.host(), pool: { strategy, slots, taken, waiting }, allocations };
      },
    }),
    route({
      method: "get",
      path: "/projects/{name}/agents",
      summary: "The agents of a project: each process, and of workers how many run and wait",
      access: { kind: "project", scope: "read", of: ({ params }) => params.name },
      params: projectPath,
      query: nothing,
      body: nothing,
      response: agentList,
      answer: async ({ params }) => {
        const { agents } = daemon.project(params.name);
        const { workers } = await daemon.queue(params.name, 0);
        return { items: agents, workers };
      },
    }),
  ];
}
