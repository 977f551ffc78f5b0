/** What is seen of a sample project: nothing at all, or running just as desired. */
import { heldBytes } from "../../src/model/tmpfs.ts";
import type { DesiredProject } from "../../src/model/desired-project.ts";
import type { OwnLabels } from "../../src/model/observed.ts";
import type { ObservedProject } from "../../src/model/observed-project.ts";
import { AS_CREATED } from "../../src/model/pinned.ts";
import { INSTALL } from "./project-samples.ts";
import { readyReport } from "./runner-report.ts";

/** Nothing exists yet and nothing stands in the way. */
export function seen(changes: Partial<ObservedProject> = {}): ObservedProject {
  return {
    containers: [],
    networks: [],
    volumes: [],
    foreign: { container: false, network: false, volumes: [] },
    inspected: [],
    runner: null,
    runnerConnected: false,
    spoolReady: false,
    firewallVerified: true,
    diskLow: false,
    imageKnown: true,
    workers: [],
    hasOpenRuns: false,
    subnet: "10.201.0.0/28",
    memoryUsageBytes: null,
    appliedLimits: null,
    ...changes,
  };
}

/** Container `c1` on network `n1`, running what is desired. */
export function running(desired: DesiredProject): ObservedProject {
  const { container, network, runnerConfig, project } = desired;
  if (container === null || network === null || runnerConfig === null)
    throw new Error("nothing is to run");
  const own: OwnLabels = {
    install: INSTALL.install,
    installUid: INSTALL.installUid,
    project,
    generation: desired.generation,
    specHash: container.specHash,
    epoch: INSTALL.epoch,
  };
  const agents = runnerConfig.agents.flatMap(({ name, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => ({
      agent: name,
      replica,
      state: "running" as const,
      reason: null,
      pid: 100 + replica,
      runId: `r${replica}`,
      startedAt: 1,
      nextStartAt: null,
      restarts: 0,
      lastExit: null,
      cpuMs: null,
      rssBytes: null,
    })),
  );
  return seen({
    containers: [
      {
        id: "c1",
        name: container.name,
        image: container.image,
        imageId: "sha256:1",
        state: "running",
        own,
        networkIds: ["n1"],
        networkNames: [network.name],
        createdAt: 1,
      },
    ],
    networks: [
      {
        id: "n1",
        name: network.name,
        own,
        subnet: network.subnet,
        internal: network.egress === "none",
        bridge: network.bridge,
        egress: network.egress,
      },
    ],
    volumes: desired.volumes.map(({ name }) => name),
    inspected: [
      {
        id: "c1",
        limits: container.limits,
        pinned: AS_CREATED,
        tmpfsBytes: heldBytes(container.tmpfs),
        stopTimeoutSeconds: container.stopTimeoutSeconds,
        pid: 42,
        startedAt: "",
        exitCode: null,
        oomKilled: false,
        restartCount: 0,
      },
    ],
    runner: readyReport(project, {
      epoch: INSTALL.epoch,
      configHash: runnerConfig.hash,
      heardAt: 1,
      agents,
    }),
    runnerConnected: true,
    spoolReady: true,
  });
}
