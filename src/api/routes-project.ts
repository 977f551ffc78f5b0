/** Routes that steer one project or one of its agents. */
import type { Daemon } from "../loop/daemon.ts";
import type { Wanted } from "../model/lifecycle.ts";
import { projectView, removedView } from "../schema/api-project.ts";
import {
  agentPath,
  pauseBody,
  projectPath,
  removeQuery,
  scaleBody,
} from "../schema/api-request.ts";
import { onProject } from "./access.ts";
import { type Route, route } from "./route.ts";

/** What each verb makes the operator want. `stop` is `pause` that stops: both end in phase paused. */
const WANTED: Readonly<Record<"resume" | "complete" | "start" | "stop", Wanted>> = {
  resume: "active",
  complete: "completed",
  start: "active",
  stop: "stopped",
};

const SUMMARY: Readonly<Record<keyof typeof WANTED, string>> = {
  resume: "Return from a pause",
  complete: "Stop for good and keep the workspace",
  start: "Run the project",
  stop: "Stop the container and keep the project",
};

/** Each answers with the project as it is just after the wish was recorded; the daemon then makes it so. */
export function projectRoutes(daemon: Daemon): readonly Route[] {
  const verbs = ["resume", "complete", "start", "stop"] as const;
  return [
    ...verbs.map((verb) => wantedRoute(daemon, verb)),
    pauseRoute(daemon),
    restartRoute(daemon),
    removeRoute(daemon),
    ...agentRoutes(daemon),
  ];
}

/** What all that steers a project has in common. */
const STEERS = { method: "post", access: onProject("admin"), response: projectView } as const;

function wantedRoute(daemon: Daemon, verb: keyof typeof WANTED): Route {
  return route({
    ...STEERS,
    path: `/projects/{name}/${verb}`,
    summary: SUMMARY[verb],
    params: projectPath,
    answer: ({ params, by, idempotencyKey }) =>
      daemon.setWanted({
        project: params.name,
        wanted: WANTED[verb],
        removeVolumes: false,
        by,
        idempotencyKey,
      }),
  });
}

function pauseRoute(daemon: Daemon): Route {
  return route({
    ...STEERS,
    path: "/projects/{name}/pause",
    summary: "Freeze the project in memory, or stop its container",
    params: projectPath,
    body: pauseBody,
    answer: ({ params, body, by, idempotencyKey }) =>
      daemon.setWanted({
        project: params.name,
        wanted: body.mode === "freeze" ? "frozen" : "stopped",
        removeVolumes: false,
        by,
        idempotencyKey,
      }),
  });
}

function restartRoute(daemon: Daemon): Route {
  return route({
    ...STEERS,
    path: "/projects/{name}/restart",
    summary: "Restart the whole container",
    params: projectPath,
    answer: ({ params, by, idempotencyKey }) =>
      daemon.restart({ project: params.name, agent: null, by, idempotencyKey }),
  });
}

function removeRoute(daemon: Daemon): Route {
  return route({
    method: "delete",
    path: "/projects/{name}",
    summary: "Remove the project; answers when it is gone and says what was freed",
    access: onProject("admin"),
    params: projectPath,
    query: removeQuery,
    response: removedView,
    answer: ({ params, query, by, idempotencyKey }) =>
      daemon.remove({ project: params.name, removeVolumes: query.volumes, by, idempotencyKey }),
  });
}

const CHANGES = {
  start: "Start an agent that was stopped by hand",
  stop: "Stop an agent until it is started",
} as const;

function agentRoutes(daemon: Daemon): readonly Route[] {
  return [
    changeRoute(daemon, "start"),
    changeRoute(daemon, "stop"),
    route({
      ...STEERS,
      path: "/projects/{name}/agents/{agent}/restart",
      summary: "Restart the processes of one agent",
      params: agentPath,
      answer: ({ params: { name: project, agent }, by, idempotencyKey }) =>
        daemon.restart({ project, agent, by, idempotencyKey }),
    }),
    route({
      ...STEERS,
      path: "/projects/{name}/agents/{agent}/scale",
      summary: "Run this many replicas until the declaration changes them",
      params: agentPath,
      body: scaleBody,
      answer: ({ params: { name: project, agent }, body: change, by, idempotencyKey }) =>
        daemon.agent({ project, agent, change, by, idempotencyKey }),
    }),
  ];
}

function changeRoute(daemon: Daemon, change: keyof typeof CHANGES): Route {
  return route({
    ...STEERS,
    path: `/projects/{name}/agents/{agent}/${change}`,
    summary: CHANGES[change],
    params: agentPath,
    answer: ({ params: { name: project, agent }, by, idempotencyKey }) =>
      daemon.agent({ project, agent, change, by, idempotencyKey }),
  });
}
