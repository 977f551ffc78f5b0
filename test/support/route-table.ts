/** The API's route table over two projects, for tests that are generated from it. */
import { routesOf } from "../../src/api/app.ts";
import { BOUNDS } from "../../src/api/bounds.ts";
import { AllowedHosts } from "../../src/api/hosts.ts";
import { Rates } from "../../src/api/rates.ts";
import type { Route } from "../../src/api/route.ts";
import { Readers } from "../../src/api/stream.ts";
import { Tickets } from "../../src/api/tickets.ts";
import { TokenWatch } from "../../src/api/token-watch.ts";
import { BerthError } from "../../src/base/errors.ts";
import type { Daemon } from "../../src/loop/daemon.ts";
import { aProject, aRun, type FakeDaemon, fakeDaemon } from "./fake-daemon.ts";
import { aQuestion } from "./fake-questions.ts";
import { aTask } from "./fake-tasks.ts";

export const OWN = "web";
export const FOREIGN = "api";
const absent = (id: string) =>
  new BerthError("usage", { code: "loop.subject-unknown", detail: `there is no ${id}` });

/** Ids of questions are numbers. */
const QUESTIONS: Readonly<Record<string, string>> = { [OWN]: "1", [FOREIGN]: "2" };

/** Two projects, each with a task and a run; nothing else exists. */
export function twoProjects(): FakeDaemon {
  const daemon = fakeDaemon();
  daemon.world = [aProject(OWN), aProject(FOREIGN)];
  const projectOf = (id: string): string => {
    const project = [OWN, FOREIGN].find((name) => id === `${name}-1`);
    if (project === undefined) throw absent(id);
    return project;
  };
  return {
    ...daemon,
    task: async (id) => aTask(id, { project: projectOf(id) }),
    run: async (id) => aRun(id, { project: projectOf(id) }),
    runOwner: async (id) => projectOf(id),
    question: async (id) => {
      const owner = Object.entries(QUESTIONS).find(([, number]) => number === id)?.[0];
      return aQuestion(id, { project: projectOf(`${owner}-1`) });
    },
    why: async (id) => ({ ...(await daemon.why("t-1")), project: projectOf(id) }),
  };
}

export function tableOf(daemon: Daemon): readonly Route[] {
  const watch = new TokenWatch(async () => true, BOUNDS);
  return routesOf({
    daemon,
    version: "0",
    log: { error: () => undefined, warn: () => undefined },
    bounds: BOUNDS,
    readers: new Readers(BOUNDS, watch),
    rates: new Rates({ perSecond: 1, burst: 1, elapsed: () => 0 }),
    tickets: new Tickets(() => 0),
    hosts: new AllowedHosts([]),
    page: new Map(),
    pageUrl: () => null,
    now: () => 0,
  });
}

/** Bodies that pass their schemas; every route with a body is here, or the test fails. */
export function bodyFor(route: Route, project: string): unknown {
  const bundle = { entry: "berth.yaml", files: { "berth.yaml": "" }, base: "/", overlays: [] };
  const bodies: Readonly<Record<string, unknown>> = {
    "/api/v1/tasks": { project, agent: "coder" },
    "/api/v1/tasks/{id}/priority": { priority: 1 },
    "/api/v1/projects/{name}": { declaration: {} },
    "/api/v1/projects/{name}/agents/{agent}/scale": { replicas: 1 },
    "/api/v1/questions/{id}/answer": { text: "yes" },
    "/api/v1/plan": { bundle },
    "/api/v1/apply": { bundle },
    "/api/v1/rollback": { generation: 1 },
    "/api/v1/tokens": { name: "x", scope: "read" },
  };
  return bodies[route.path] ?? {};
}

/** The path with that project's things in the place of its parameters. */
export function pathFor(route: Route, project: string): string {
  const things: Readonly<Record<string, string>> = {
    name: project,
    project,
    agent: "coder",
    id: route.path.includes("/questions/") ? (QUESTIONS[project] ?? "3") : `${project}-1`,
    subject: `${project}-1`,
    generation: "1",
    token: "x",
  };
  return route.path.replaceAll(/\{(\w+)\}/g, (_all, key: string) => things[key] ?? "?");
}
