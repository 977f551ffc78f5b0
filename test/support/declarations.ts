/** Declarations for tests, every value filled in. */
import type { AgentSpec } from "../../src/model/agent.ts";
import type { Declaration, HostSpec, ProjectSpec } from "../../src/model/project.ts";

export function agentSpec(name: string, changes: Partial<AgentSpec> = {}): AgentSpec {
  return {
    name,
    task: null,
    command: ["sleep", "infinity"],
    entrypoint: "none",
    replicas: 1,
    restart: { mode: "on-failure", max: 5, windowMs: 600_000, backoffMs: 0, backoffMaxMs: 0 },
    health: null,
    stopGraceMs: 10_000,
    user: null,
    cwd: null,
    environment: {},
    ...changes,
  };
}

export function projectSpec(name: string, changes: Partial<ProjectSpec> = {}): ProjectSpec {
  return {
    name,
    image: "debian:bookworm-slim",
    priority: 500,
    weight: 1,
    limits: {
      cpus: 0.5,
      memoryBytes: 134_217_728,
      pids: 64,
      agents: 4,
      nofile: 1_024,
      shmBytes: 67_108_864,
    },
    network: { egress: "none" },
    workspace: { kind: "volume", volume: name },
    environment: {},
    labels: {},
    secrets: [],
    security: { readOnlyRoot: true },
    tmpfs: [],
    agents: { worker: agentSpec("worker") },
    ...changes,
  };
}

export const HOST: HostSpec = {
  reserve: { cpus: 0.5, memoryBytes: 1_073_741_824, diskBytes: 5_368_709_120 },
  networkPool: "10.201.0.0/16",
  overcommit: 1,
  agents: 16,
  strategy: "weighted-round-robin",
  workspaceRoots: [],
};

export function declarationOf(...projects: readonly ProjectSpec[]): Declaration {
  return {
    host: HOST,
    projects: Object.fromEntries(projects.map((project) => [project.name, project])),
  };
}
