/** A merged project with every silence filled: the types' own proof that a declaration becomes exactly the model's spec. */
import type { AgentSpec, HealthSpec, RestartPolicy } from "../model/agent.ts";
import type { HostSpec, LimitsSpec, ProjectSpec, WorkspaceSpec } from "../model/project.ts";
import type { AgentLayer } from "../schema/agent-file.ts";
import type { HostLayer } from "../schema/host-file.ts";
import type { TaskPolicy } from "../model/task.ts";
import type { ProjectLayer } from "../schema/project-file.ts";
import * as defaults from "./defaults.ts";

/** Makes a path absolute, starting at the host file. */
export type Absolute = (path: string) => string;

/** The spec of a project whose required values are there; those that are not were found by `checkProject`. */
export function resolveProject(name: string, layer: ProjectLayer, absolute: Absolute): ProjectSpec {
  return {
    name,
    image: layer.image ?? "",
    priority: layer.priority ?? defaults.PRIORITY,
    weight: layer.weight ?? defaults.WEIGHT,
    limits: resolveLimits(layer.limits ?? {}),
    network: { egress: layer.network?.egress ?? defaults.EGRESS },
    workspace: resolveWorkspace(name, layer.workspace ?? {}, absolute),
    environment: layer.environment ?? {},
    labels: layer.labels ?? {},
    secrets: layer.secrets ?? [],
    security: { readOnlyRoot: layer.security?.read_only_root ?? defaults.READ_ONLY_ROOT },
    tmpfs: layer.tmpfs ?? [],
    ...resolveIdle(layer.idle ?? "none"),
    agents: Object.fromEntries(
      Object.entries(layer.agents ?? {}).map(([agent, agentLayer]) => [
        agent,
        resolveAgent(agent, agentLayer),
      ]),
    ),
  };
}

function resolveIdle(layer: NonNullable<ProjectLayer["idle"]>): Pick<ProjectSpec, "idle"> {
  if (layer === "none") return {};
  const { freeze_after: freeze, stop_after: stop } = layer;
  return { idle: { freezeAfterMs: freeze ?? null, stopAfterMs: stop ?? null } };
}

/** The host's settings with every silence filled. */
export function resolveHost(layer: HostLayer, absolute: Absolute): HostSpec {
  const { reserve, networkPool, overcommit, agents, strategy } = defaults.HOST;
  return {
    reserve: {
      cpus: layer.reserve?.cpus ?? reserve.cpus,
      memoryBytes: layer.reserve?.memory ?? reserve.memoryBytes,
      diskBytes: layer.reserve?.disk ?? reserve.diskBytes,
    },
    networkPool: layer.network_pool ?? networkPool,
    overcommit: layer.overcommit ?? overcommit,
    agents: layer.agents ?? agents,
    strategy: layer.strategy ?? strategy,
    workspaceRoots: (layer.workspace_roots ?? []).map(absolute),
  };
}

function resolveLimits(layer: NonNullable<ProjectLayer["limits"]>): LimitsSpec {
  return {
    cpus: layer.cpus ?? defaults.LIMITS.cpus,
    memoryBytes: layer.memory ?? defaults.LIMITS.memoryBytes,
    pids: layer.pids ?? defaults.LIMITS.pids,
    agents: layer.agents ?? defaults.LIMITS.agents,
    nofile: layer.nofile ?? defaults.LIMITS.nofile,
    shmBytes: layer.shm ?? defaults.LIMITS.shmBytes,
  };
}

/** A volume named as the project, unless the files live elsewhere. */
function resolveWorkspace(
  name: string,
  layer: NonNullable<ProjectLayer["workspace"]>,
  absolute: Absolute,
): WorkspaceSpec {
  const volume = layer.volume ?? name;
  if (layer.path !== undefined) return { kind: "path", path: absolute(layer.path) };
  if (layer.git === undefined) return { kind: "volume", volume };
  return { kind: "git", url: layer.git, ref: layer.ref ?? defaults.GIT_REF, volume };
}

function resolveAgent(name: string, layer: AgentLayer): AgentSpec {
  const worker = layer.on === "task";
  return {
    name,
    task: worker ? resolveTask(layer) : null,
    command: layer.command ?? [],
    entrypoint: layer.entrypoint ?? "none",
    replicas: layer.replicas ?? (worker ? 0 : defaults.REPLICAS),
    restart:
      worker && layer.restart === undefined
        ? defaults.WORKER_RESTART
        : resolveRestart(layer.restart ?? {}),
    health: resolveHealth(layer.health ?? "none"),
    stopGraceMs: layer.stop_grace_period ?? defaults.STOP_GRACE_MS,
    user: layer.user ?? null,
    cwd: layer.cwd ?? null,
    environment: layer.environment ?? {},
  };
}

function resolveTask({ min, max, timeout, retries }: AgentLayer): TaskPolicy {
  return {
    min: min ?? defaults.TASK.min,
    max: max ?? Math.max(min ?? 0, defaults.TASK.max),
    timeoutMs: timeout ?? defaults.TASK.timeoutMs,
    retries: {
      max: retries?.max ?? defaults.TASK.retries.max,
      backoffMs: retries?.backoff ?? defaults.TASK.retries.backoffMs,
    },
  };
}

function resolveRestart(layer: NonNullable<AgentLayer["restart"]>): RestartPolicy {
  if (typeof layer === "string") return { ...defaults.RESTART, mode: layer };
  const backoffMs = layer.backoff ?? defaults.RESTART.backoffMs;
  return {
    mode: layer.policy ?? defaults.RESTART.mode,
    max: layer.max ?? defaults.RESTART.max,
    windowMs: layer.window ?? defaults.RESTART.windowMs,
    backoffMs,
    backoffMaxMs: layer.backoff_max ?? Math.max(backoffMs, defaults.RESTART.backoffMaxMs),
  };
}

function resolveHealth(layer: NonNullable<AgentLayer["health"]>): HealthSpec | null {
  if (layer === "none") return null;
  return {
    command: layer.command ?? [],
    intervalMs: layer.interval ?? defaults.HEALTH.intervalMs,
    timeoutMs: layer.timeout ?? defaults.HEALTH.timeoutMs,
    retries: layer.retries ?? defaults.HEALTH.retries,
    startPeriodMs: layer.start_period ?? defaults.HEALTH.startPeriodMs,
  };
}
