/** Metrics over made-up projects: what a scrape sees without a daemon. */
import type { AgentStatus } from "../../src/model/agent.ts";
import type { CgroupSample } from "../../src/model/observed.ts";
import type { ProjectView } from "../../src/model/view.ts";
import { type Metrics, openMetrics } from "../../src/report/metrics.ts";
import type { MetricsSources } from "../../src/report/metrics-sources.ts";

const MIB = 1024 ** 2;

export function sampleAt(at: number): CgroupSample {
  return {
    at,
    version: 2,
    memoryLimitBytes: 256 * MIB,
    memoryUsageBytes: 80 * MIB,
    memoryWorkingSetBytes: 64 * MIB,
    cpuUsageMs: 90_000,
    cpuQuota: 1,
    cpuShares: null,
    cpuThrottledMs: 1_500,
    pidsCurrent: 12,
    pidsLimit: 128,
    oomKills: 2,
  };
}

function agentOf(at: number): AgentStatus {
  return {
    agent: `a${at}`,
    replica: 0,
    state: "running",
    reason: null,
    pid: 100 + at,
    runId: `r${at}`,
    startedAt: 1,
    nextStartAt: null,
    restarts: 0,
    lastExit: null,
    cpuMs: 20_000,
    rssBytes: 12 * MIB,
  };
}

/** A healthy project with five agents. */
export function projectOf(name: string): ProjectView {
  return {
    name,
    phase: "active",
    phaseSince: 1,
    wanted: "active",
    needsYou: { count: 0, oldest: null },
    progress: [],
    health: "healthy",
    reasons: [],
    idle: null,
    generation: 1,
    priority: 500,
    weight: 1,
    image: "debian",
    containerId: "c",
    containerState: "running",
    subnet: "10.201.0.0/28",
    egress: "none",
    limits: { nanoCpus: 5e8, memoryBytes: 256 * MIB, pids: 128, cpuShares: 256 },
    usage: { memoryBytes: 64 * MIB, cpuMs: 90_000, cpuPercent: 1, pids: 12, oomKills: 2 },
    agents: [0, 1, 2, 3, 4].map(agentOf),
    heardAgoMs: 100,
    fault: null,
  };
}

/** A host with so many projects, all well. */
export function standing(projects: number): MetricsSources {
  const views = Array.from({ length: projects }, (_, at) => projectOf(`p${at}`));
  return {
    projects: () => views,
    sample: () => sampleAt(1_000),
    modes: () => [{ name: "redis-gone", since: 1, detail: "away" }],
    breakers: () => [{ name: "redis", state: "half-open" }],
    leader: () => true,
    epoch: () => 7,
    streamConnected: () => true,
    queue: () =>
      views.map(({ name }) => ({ project: name, waiting: 3, running: 1, oldestSeconds: 4 })),
    quota: () => [{ resource: "memory", limit: 100, used: 50 }],
    disk: () => ({ freeBytes: 100, reserveBytes: 10 }),
    daemon: () => ({
      cpuSeconds: 1,
      residentBytes: 2,
      heapBytes: 3,
      startedAt: 4,
      loopActiveSeconds: 5,
    }),
    usageDropped: () => 0,
    outboxWaiting: () => 0,
  };
}

/** A registry in which something of everything has happened, unless `lived` is false. */
export function metricsOf(sources: MetricsSources, lived = true): Metrics {
  const metrics = openMetrics(sources, "1.2.3");
  if (!lived) return metrics;
  metrics.engineRequest("list", 0.01, true);
  metrics.pass("host", 0.01, true);
  metrics.pass("project", 0.01, false);
  for (const { name } of sources.projects()) {
    metrics.drift(name, "stop-container");
    metrics.restarted(name, "a0");
    metrics.oom(name, 1);
    metrics.taskEnded(name, "succeeded");
    metrics.taskWaited(name, 0.2);
  }
  return metrics;
}
