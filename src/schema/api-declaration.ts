/** The accepted declaration as the API shows it: every value filled in and in base units. */
import { z } from "zod";
import { type Declaration, type ProjectSpec, STRATEGY_NAMES } from "../model/project.ts";
import { listOf, proves, shape } from "./api-shape.ts";

const texts = z.record(z.string(), z.string()).readonly();

const agentSpec = shape({
  name: z.string(),
  task: shape({
    min: z.number(),
    max: z.number(),
    timeoutMs: z.number(),
    retries: shape({ max: z.number(), backoffMs: z.number() }),
  }).nullable(),
  command: listOf(z.string()),
  entrypoint: z.enum(["none", "image"]),
  replicas: z.number(),
  restart: shape({
    mode: z.enum(["no", "on-failure", "always"]),
    max: z.number(),
    windowMs: z.number(),
    backoffMs: z.number(),
    backoffMaxMs: z.number(),
  }),
  health: shape({
    command: listOf(z.string()),
    intervalMs: z.number(),
    timeoutMs: z.number(),
    retries: z.number(),
    startPeriodMs: z.number(),
  }).nullable(),
  stopGraceMs: z.number(),
  user: z.string().nullable(),
  cwd: z.string().nullable(),
  environment: texts,
}).meta({ id: "AgentSpec" });

const workspace = z.union([
  shape({ kind: z.literal("volume"), volume: z.string() }),
  shape({ kind: z.literal("path"), path: z.string() }),
  shape({ kind: z.literal("git"), url: z.string(), ref: z.string(), volume: z.string() }),
]);

const projectSpec = proves<ProjectSpec>()(
  shape({
    name: z.string(),
    image: z.string(),
    priority: z.number(),
    weight: z.number(),
    limits: shape({
      cpus: z.number(),
      memoryBytes: z.number(),
      pids: z.number(),
      agents: z.number(),
      nofile: z.number(),
      shmBytes: z.number(),
    }),
    network: shape({ egress: z.enum(["none", "open"]) }),
    workspace,
    environment: texts,
    labels: texts,
    secrets: listOf(z.string()),
    security: shape({ readOnlyRoot: z.boolean() }),
    tmpfs: listOf(z.string()),
    agents: z.record(z.string(), agentSpec).readonly(),
  }),
).meta({ id: "ProjectSpec" });

const declaration = proves<Declaration>()(
  shape({
    host: shape({
      reserve: shape({ cpus: z.number(), memoryBytes: z.number(), diskBytes: z.number() }),
      networkPool: z.string(),
      overcommit: z.number(),
      agents: z.number(),
      strategy: z.enum(STRATEGY_NAMES),
      workspaceRoots: listOf(z.string()),
    }),
    projects: z.record(z.string(), projectSpec).readonly(),
  }),
).meta({ id: "Declaration" });

export const configView = shape({
  generation: z.number(),
  declaration: declaration.nullable(),
}).meta({ id: "Config" });
export type ConfigView = z.output<typeof configView>;
