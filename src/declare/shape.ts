/** An effective project or host in the words and units of a declaration: what `config show` prints, and it parses again. */
import { formatBytes } from "../base/bytes.ts";
import { formatDuration } from "../base/duration.ts";
import type { AgentSpec } from "../model/agent.ts";
import type { HostSpec, ProjectSpec, WorkspaceSpec } from "../model/project.ts";
import type { TaskPolicy } from "../model/task.ts";
import { PRIORITY_WORDS } from "../schema/quantity.ts";

export type Shape = Readonly<{ [key: string]: ShapeValue }>;
export type ShapeValue = string | number | boolean | readonly string[] | Shape;

/** A project as its own file would say it, nothing inherited and nothing left out. */
export function projectShape(spec: ProjectSpec): Shape {
  const { limits } = spec;
  return {
    name: spec.name,
    image: spec.image,
    priority:
      Object.entries(PRIORITY_WORDS).find(([, value]) => value === spec.priority)?.[0] ??
      spec.priority,
    weight: spec.weight,
    limits: {
      cpus: limits.cpus,
      memory: formatBytes(limits.memoryBytes),
      pids: limits.pids,
      agents: limits.agents,
      nofile: limits.nofile,
      shm: formatBytes(limits.shmBytes),
    },
    network: { egress: spec.network.egress },
    workspace: workspaceShape(spec.workspace),
    environment: spec.environment,
    labels: spec.labels,
    secrets: spec.secrets,
    security: { read_only_root: spec.security.readOnlyRoot },
    tmpfs: spec.tmpfs,
    ...idleShape(spec.idle),
    agents: Object.fromEntries(
      Object.values(spec.agents).map((agent) => [agent.name, agentShape(agent)]),
    ),
  };
}

/** The host section of a host file, with nothing left out. */
export function hostShape(host: HostSpec): Shape {
  const { reserve } = host;
  return {
    reserve: {
      cpus: reserve.cpus,
      memory: formatBytes(reserve.memoryBytes),
      disk: formatBytes(reserve.diskBytes),
    },
    network_pool: host.networkPool,
    overcommit: host.overcommit,
    agents: host.agents,
    strategy: host.strategy,
    workspace_roots: host.workspaceRoots,
  };
}

function idleShape(idle: ProjectSpec["idle"]): Shape {
  if (idle === undefined) return {};
  const { freezeAfterMs, stopAfterMs } = idle;
  return {
    idle: {
      ...(freezeAfterMs === null ? {} : { freeze_after: formatDuration(freezeAfterMs) }),
      ...(stopAfterMs === null ? {} : { stop_after: formatDuration(stopAfterMs) }),
    },
  };
}

function workspaceShape(workspace: WorkspaceSpec): Shape {
  switch (workspace.kind) {
    case "volume":
      return { volume: workspace.volume };
    case "path":
      return { path: workspace.path };
    case "git":
      return { git: workspace.url, ref: workspace.ref, volume: workspace.volume };
  }
}

function agentShape(agent: AgentSpec): Shape {
  return {
    command: agent.command,
    entrypoint: agent.entrypoint,
    ...(agent.task === null ? serviceShape(agent) : taskShape(agent.task)),
    stop_grace_period: formatDuration(agent.stopGraceMs),
    ...(agent.user === null ? {} : { user: agent.user }),
    ...(agent.cwd === null ? {} : { cwd: agent.cwd }),
    environment: agent.environment,
  };
}

function taskShape({ min, max, timeoutMs, retries }: TaskPolicy): Shape {
  return {
    on: "task",
    min,
    max,
    timeout: formatDuration(timeoutMs),
    retries: { max: retries.max, backoff: formatDuration(retries.backoffMs) },
  };
}

function serviceShape({ replicas, restart, health }: AgentSpec): Shape {
  return {
    replicas,
    restart: {
      policy: restart.mode,
      max: restart.max,
      window: formatDuration(restart.windowMs),
      backoff: formatDuration(restart.backoffMs),
      backoff_max: formatDuration(restart.backoffMaxMs),
    },
    health:
      health === null
        ? "none"
        : {
            command: health.command,
            interval: formatDuration(health.intervalMs),
            timeout: formatDuration(health.timeoutMs),
            retries: health.retries,
            start_period: formatDuration(health.startPeriodMs),
          },
  };
}
