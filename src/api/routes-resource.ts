/** Routes of resources: what the host has, what the pool of slots is at, and what each project was given of both. */
import type { Daemon } from "../loop/daemon.ts";
import { resourcesView } from "../schema/api-resource.ts";
import { agentList, type AgentPage, agentPage } from "../schema/api-project.ts";
import { agentsQuery, pageQuery, projectPath } from "../schema/api-request.ts";
import { onProject, within } from "./access.ts";
import { pageOf } from "./paged.ts";
import { type Route, route } from "./route.ts";

/** They answer from memory. */
export function resourceRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/resources",
      summary: "Host, slots of the agent pool, and what each project was granted and uses",
      access: { kind: "host", scope: "read" },
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
    ...agentLists(daemon),
  ];
}

function agentLists(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/agents",
      summary:
        "Agents of all projects, in pages: each process, and of workers how many run and wait",
      access: { kind: "narrowed", scope: "read" },
      query: agentsQuery,
      response: agentPage,
      answer: ({ query, caller }) =>
        agentsPage(daemon, { ...query, project: within(caller, query.project ?? null) }),
    }),
    route({
      method: "get",
      path: "/projects/{name}/agents",
      summary: "The agents of a project: each process, and of workers how many run and wait",
      access: onProject("read"),
      params: projectPath,
      query: pageQuery,
      response: agentList,
      answer: async ({ params, query }) => {
        const { agents } = daemon.project(params.name);
        const { workers } = await daemon.queue(params.name, 0);
        return { ...pageOf(agents, query, processKey), workers };
      },
    }),
  ];
}

interface Asked {
  readonly project: string | null;
  readonly agent?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

async function agentsPage(daemon: Daemon, query: Asked): Promise<AgentPage> {
  const { workers } = await daemon.queue(query.project, 0);
  const isAsked = (row: Readonly<{ project: string; agent: string }>): boolean =>
    (query.project === null || row.project === query.project) &&
    (query.agent === undefined || row.agent === query.agent);
  const all = daemon
    .projects()
    .flatMap(({ name, agents }) => agents.map((agent) => ({ project: name, ...agent })))
    .filter(isAsked);
  const keyOf = (row: (typeof all)[number]): string => `${row.project}/${processKey(row)}`;
  return { ...pageOf(all, query, keyOf), workers: workers.filter(isAsked) };
}

/** Replicas by their number, of which there are at most four digits. */
function processKey({ agent, replica }: Readonly<{ agent: string; replica: number }>): string {
  return `${agent}/${String(replica).padStart(4, "0")}`;
}
