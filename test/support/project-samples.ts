/** Sample projects for tests: a small one that is complete, changed where a test says so. */
import { desireProject, type ProjectFacts } from "../../src/desired/desire.ts";
import type { ImageDefaults } from "../../src/desired/runner-config.ts";
import type { AgentSpec } from "../../src/model/agent.ts";
import type { DesiredProject, InstallFacts } from "../../src/model/desired-project.ts";
import type { ProjectRecord } from "../../src/model/project-record.ts";
import type { ProjectSpec } from "../../src/model/project.ts";
import { agentSpec, projectSpec } from "./declarations.ts";

export const MIB = 2 ** 20;

export const INSTALL: InstallFacts = {
  install: "main",
  installUid: "uid-1",
  epoch: 7,
  bridgePrefix: "bm-",
  spoolVolume: "berth-main-spool",
  runnerVolume: "berth-main-runner-abc",
};

export const IMAGE = {
  id: "sha256:1",
  entrypoint: [],
  user: null,
  workdir: null,
  environment: null,
  volumes: [],
};

/** What each image of a fake engine says of itself: a name that is moved then means other volumes and another user. */
export function imageOf(id: string): ImageDefaults {
  return id === "sha256:1" ? IMAGE : { ...IMAGE, id, user: id, volumes: [`/${id}`] };
}

export function sampleAgent(name: string, changes: Partial<AgentSpec> = {}): AgentSpec {
  return agentSpec(name, {
    command: ["node", `${name}.js`],
    restart: {
      mode: "on-failure",
      max: 5,
      windowMs: 600_000,
      backoffMs: 1_000,
      backoffMaxMs: 60_000,
    },
    ...changes,
  });
}

export function sampleSpec(changes: Partial<ProjectSpec> = {}): ProjectSpec {
  return projectSpec("web", {
    image: "node:26",
    limits: {
      cpus: 1,
      memoryBytes: 512 * MIB,
      pids: 256,
      agents: 4,
      nofile: 1024,
      shmBytes: 64 * MIB,
    },
    workspace: { kind: "volume", volume: "data" },
    agents: { beat: sampleAgent("beat") },
    ...changes,
  });
}

export function sampleRecord(changes: Partial<ProjectRecord> = {}): ProjectRecord {
  const spec = changes.spec ?? sampleSpec();
  return {
    name: spec.name,
    spec,
    generation: 1,
    wanted: "active",
    phase: "active",
    removeVolumes: false,
    restartSerials: {},
    replicas: {},
    stoppedAgents: [],
    subnet: "10.201.0.0/28",
    ...changes,
  };
}

/** Desired with all facts known and everything granted, but for what is given. */
export function desired(record: ProjectRecord, facts: Partial<ProjectFacts> = {}): DesiredProject {
  const memoryBytes = record.spec.limits.memoryBytes;
  const allocation = { project: record.name, admitted: true, memoryBytes, waiting: null };
  return desireProject(record, INSTALL, {
    image: IMAGE,
    allocation,
    workspaceOwner: null,
    idle: null,
    ...facts,
  });
}
