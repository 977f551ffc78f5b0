/** Routes that read: projects, runs, events, generations, host. */
import type { Daemon } from "../loop/daemon.ts";
import { configView } from "../schema/api-declaration.ts";
import { doctorReport, hostView } from "../schema/api-host.ts";
import { planView, projectPlan } from "../schema/api-plan.ts";
import { describeView, projectList, projectView } from "../schema/api-project.ts";
import { generationList, generationView, runPage } from "../schema/api-record.ts";
import {
  generationPath,
  historyQuery,
  pageQuery,
  projectPath,
  runsQuery,
} from "../schema/api-request.ts";
import { onProject, within } from "./access.ts";
import { paged, pageOf } from "./paged.ts";
import { type Route, route } from "./route.ts";
import { runsPage } from "./runs-page.ts";

/** Reads answer from memory or records and never change anything. */
export function readRoutes(daemon: Daemon): readonly Route[] {
  return [
    ...projectReads(daemon),
    ...recordReads(daemon),
    ...generationReads(daemon),
    ...hostReads(daemon),
  ];
}

function projectReads(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/projects",
      summary: "All projects with their phase, health and agents; in pages where a limit is given",
      access: { kind: "narrowed", scope: "read" },
      query: pageQuery,
      response: projectList,
      answer: ({ caller, query }) => {
        const all = daemon
          .projects()
          .filter(({ name }) => caller.project === null || name === caller.project);
        return pageOf(all, query, ({ name }) => name);
      },
    }),
    route({
      method: "get",
      path: "/projects/{name}",
      summary: "One project",
      access: onProject("read"),
      params: projectPath,
      response: projectView,
      answer: ({ params }) => daemon.project(params.name),
    }),
    route({
      method: "get",
      path: "/projects/{name}/describe",
      summary: "One project with its last runs and events and where every declared value came from",
      access: onProject("read"),
      params: projectPath,
      response: describeView,
      answer: ({ params }) => daemon.describe(params.name),
    }),
    route({
      method: "get",
      path: "/projects/{name}/plan",
      summary:
        "What is yet to be done for one project, and why; empty once it is as it was accepted",
      access: onProject("read"),
      params: projectPath,
      response: projectPlan,
      answer: ({ params }) => daemon.pending(params.name),
    }),
  ];
}

function recordReads(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/runs",
      summary: "Runs, newest first, in pages",
      access: { kind: "narrowed", scope: "read" },
      query: runsQuery,
      response: runPage,
      answer: ({ query, caller }) =>
        runsPage(daemon, { ...query, project: within(caller, query.project ?? null) ?? undefined }),
    }),
    route({
      method: "get",
      path: "/config",
      summary: "The declaration in force, every value filled in",
      access: { kind: "host", scope: "read" },
      response: configView,
      answer: () => daemon.config(),
    }),
  ];
}

function generationReads(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/generations",
      summary: "Accepted declarations, newest first, in pages",
      access: { kind: "host", scope: "read" },
      query: historyQuery,
      response: generationList,
      answer: async ({ query }) => {
        const found = await daemon.history(query.limit + 1, query.cursor ?? null);
        const { items, next } = paged(
          found.map((row) => ({ id: row.generation, row })),
          query.limit,
        );
        return { items: items.map(({ row }) => row), next };
      },
    }),
    route({
      method: "get",
      path: "/generations/{generation}",
      summary: "One accepted declaration with its files",
      access: { kind: "host", scope: "read" },
      params: generationPath,
      response: generationView,
      answer: ({ params }) => daemon.generation(params.generation),
    }),
    route({
      method: "get",
      path: "/generations/{generation}/plan",
      summary: "What rolling back to it would do: all that was declared as of then",
      access: { kind: "host", scope: "read" },
      params: generationPath,
      response: planView,
      answer: ({ params }) => daemon.planRollback(params.generation),
    }),
  ];
}

function hostReads(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/host",
      summary: "What the host has and how much of it is reserved",
      access: { kind: "host", scope: "read" },
      response: hostView,
      answer: () => daemon.host(),
    }),
    route({
      method: "get",
      path: "/doctor",
      summary: "Checks of engine, stores, network and host, each with how to mend it",
      access: { kind: "host", scope: "read" },
      response: doctorReport,
      answer: async () => ({ items: await daemon.doctor() }),
    }),
  ];
}
