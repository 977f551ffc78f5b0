/** Project resources of the API: what `ps` and `describe` show. */
import { z } from "zod";
import type { AgentStatus } from "../model/agent.ts";
import type { LimitValues } from "../model/desired.ts";
import { PHASES } from "../model/lifecycle.ts";
import type { ProjectView, RemovedView } from "../model/view.ts";
import { questionView } from "./api-question.ts";
import { eventRecord, runRecord } from "./api-record.ts";
import { workerRow } from "./api-task.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

const wanted = z.enum(["active", "frozen", "stopped", "inactive", "completed", "removed"]);

const agentFields = {
  agent: z.string(),
  replica: z.number(),
  state: z.enum([
    "waiting",
    "starting",
    "running",
    "unhealthy",
    "stopping",
    "backoff",
    "crash-loop",
    "exited",
  ]),
  reason: z.string().nullable(),
  pid: z.number().nullable(),
  runId: z.string().nullable(),
  startedAt: instant.nullable(),
  nextStartAt: instant.nullable(),
  restarts: z.number(),
  lastExit: shape({
    code: z.number().nullable(),
    signal: z.string().nullable(),
    oom: z.boolean(),
    at: instant,
  }).nullable(),
  cpuMs: z.number().nullable(),
  rssBytes: z.number().nullable(),
};
const agentStatus = proves<AgentStatus>()(shape(agentFields)).meta({ id: "AgentStatus" });

export const limitValues = proves<LimitValues>()(
  shape({ nanoCpus: z.number(), memoryBytes: z.number(), pids: z.number(), cpuShares: z.number() }),
).meta({ id: "LimitValues" });

export const usageView = shape({
  memoryBytes: z.number().nullable(),
  cpuMs: z.number().nullable(),
  cpuPercent: z.number().nullable(),
  pids: z.number().nullable(),
  oomKills: z.number().nullable(),
});

export const projectView = proves<ProjectView>()(
  shape({
    name: z.string(),
    phase: z.enum(PHASES),
    phaseSince: instant,
    wanted,
    health: z.enum([
      "healthy",
      "starting",
      "unhealthy",
      "crash-loop",
      "waiting",
      "failed",
      "frozen",
      "stopped",
      "unknown",
    ]),
    reasons: listOf(z.string()),
    idle: shape({ kind: z.enum(["frozen", "stopped"]), since: instant }).nullable(),
    generation: z.number(),
    priority: z.number(),
    weight: z.number(),
    image: z.string(),
    containerId: z.string().nullable(),
    containerState: z.string().nullable(),
    subnet: z.string().nullable(),
    egress: z.string(),
    limits: limitValues,
    usage: usageView,
    agents: listOf(agentStatus),
    needsYou: shape({
      count: z.number(),
      oldest: shape({
        id: z.string(),
        agent: z.string(),
        text: z.string(),
        askedAt: instant,
      }).nullable(),
    }),
    progress: listOf(
      shape({ task: z.string(), agent: z.string(), fraction: z.number(), text: z.string() }),
    ),
    heardAgoMs: z.number().nullable(),
    fault: shape({ code: z.string(), detail: z.string(), at: instant }).nullable(),
  }),
).meta({ id: "Project" });

export const removedView = proves<RemovedView>()(
  shape({ project: z.string(), freed: listOf(z.string()), kept: listOf(z.string()) }),
).meta({ id: "Removed" });

const next = z.string().nullable();
export const agentList = shape({
  items: listOf(agentStatus),
  workers: listOf(workerRow),
  next,
}).meta({
  id: "AgentList",
});
const projectAgent = shape({ project: z.string(), ...agentFields }).meta({ id: "ProjectAgent" });
/** `workers` is the same on every page. */
export const agentPage = shape({
  items: listOf(projectAgent),
  workers: listOf(workerRow),
  next,
}).meta({
  id: "AgentPage",
});
export const projectList = shape({ items: listOf(projectView), next }).meta({ id: "ProjectList" });

/** Effective declaration leaf by leaf, with where each value came from. */
const originLeaf = shape({ path: z.string(), value: z.string(), origin: z.string() }).meta({
  id: "Origin",
});

export const describeView = shape({
  project: projectView,
  notes: listOf(z.string()),
  runs: listOf(runRecord),
  events: listOf(eventRecord),
  questions: listOf(questionView),
  origins: listOf(originLeaf),
}).meta({ id: "Description" });

export type AgentList = z.output<typeof agentList>;
export type AgentPage = z.output<typeof agentPage>;
export type ProjectList = z.output<typeof projectList>;
export type Description = z.output<typeof describeView>;
export type ApiProject = z.output<typeof projectView>;
export type ApiRemoved = z.output<typeof removedView>;
