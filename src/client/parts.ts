/** Calls about one project's parts and about what projects share: part of the client. */
import type { ApiApplied, ApiProjectPlan } from "../schema/api-plan.ts";
import type { AgentList, AgentPage, ProjectList } from "../schema/api-project.ts";
import type { AgentsQuery, PageQuery } from "../schema/api-request.ts";
import type { ApiRun } from "../schema/api-record.ts";
import type { ApiResources } from "../schema/api-resource.ts";
import type { ApiTicket } from "../schema/api-terminal.ts";

interface Calls {
  readonly get: <T>(path: string, query?: object) => Promise<T>;
  readonly write: <T>(path: string, body: object) => Promise<T>;
  readonly put: <T>(path: string, body: object) => Promise<T>;
}

/** Paths are below `/api/v1`. */
export function partCalls({ get, write, put }: Calls) {
  return {
    run: (id: string) => get<ApiRun>(`/runs/${encodeURIComponent(id)}`),
    /** What is yet to be done for it. */
    pending: (project: string) => get<ApiProjectPlan>(`${at(project)}/plan`),
    agents: (project: string) => get<AgentList>(`${at(project)}/agents`),
    /** Of all projects, in pages. */
    allAgents: (query: AgentsQuery) => get<AgentPage>("/agents", query),
    projectPage: (query: PageQuery) => get<ProjectList>("/projects", query),
    resources: () => get<ApiResources>("/resources"),
    /** Creates or changes one project; `declaration` is its file as JSON, without the name. */
    declare: (project: string, declaration: Readonly<Record<string, unknown>>) =>
      put<ApiApplied>(at(project), { declaration }),
    /** For a browser's WebSocket: `…/projects/NAME/exec?ticket=…`, once, within half a minute. */
    execTicket: (project: string) => write<ApiTicket>(`${at(project)}/exec-ticket`, {}),
  };
}

function at(project: string): string {
  return `/projects/${encodeURIComponent(project)}`;
}
