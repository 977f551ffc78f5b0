/** What one project is declared to be, after templates, defaults and overlays: every value filled in and in base units. */
import type { AgentSpec } from "./agent.ts";
import type { IdleSpec } from "./idle.ts";

/** Where a project's files live; mounted at /workspace. */
export type WorkspaceSpec =
  | Readonly<{ kind: "volume"; volume: string }>
  | Readonly<{ kind: "path"; path: string }>
  | Readonly<{ kind: "git"; url: string; ref: string; volume: string }>;

/** How free slots of the agent pool are shared out. */
export const STRATEGY_NAMES = ["weighted-round-robin", "priority", "dominant-share"] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** Who the project may talk to: nobody, or public addresses only. */
export type Egress = "none" | "open";

export interface LimitsSpec {
  /** CPUs as a decimal, 1.5 = one and a half cores. */
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  /** The most agent processes at once: replicas of services and tasks that run. */
  readonly agents: number;
  /** Open files per process. */
  readonly nofile: number;
  readonly shmBytes: number;
}

export interface ProjectSpec {
  readonly name: string;
  readonly image: string;
  /** 0..1000; low 100, normal 500, high 750, critical 1000. Orders starts and admission. */
  readonly priority: number;
  /** Share of CPU under contention, relative to other projects; 1..1000. */
  readonly weight: number;
  readonly limits: LimitsSpec;
  readonly network: Readonly<{ egress: Egress }>;
  readonly workspace: WorkspaceSpec;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of secrets handed to agents under /run/secrets. */
  readonly secrets: readonly string[];
  readonly security: Readonly<{ readOnlyRoot: boolean }>;
  /** Extra tmpfs mounts, absolute paths. */
  readonly tmpfs: readonly string[];
  readonly agents: Readonly<Record<string, AgentSpec>>;
  /** Absent: it runs on without work. */
  readonly idle?: IdleSpec;
}

export interface HostSpec {
  readonly reserve: Readonly<{ cpus: number; memoryBytes: number; diskBytes: number }>;
  /** CIDR out of which projects get /28s. */
  readonly networkPool: string;
  /** Factor on the memory budget, >= 1. */
  readonly overcommit: number;
  /** Slots of the agent pool: tasks running at once on this host. */
  readonly agents: number;
  readonly strategy: StrategyName;
  /** Absolute paths; `workspace.path` must lie below one of them. */
  readonly workspaceRoots: readonly string[];
}

/** One accepted declaration of the whole host. */
export interface Declaration {
  readonly host: HostSpec;
  readonly projects: Readonly<Record<string, ProjectSpec>>;
}
