/** What the metrics are filled from: the leader's memory, the runners' last words, and this process. */
import { performance } from "node:perf_hooks";
import { memoryBudget } from "../plan/allocate/allocate.ts";
import type { DaemonSample, MetricsSources } from "../report/metrics-sources.ts";
import { reportOf } from "./deaths.ts";
import { reservedBytes } from "./reserved.ts";
import { projectViews } from "./serve/views.ts";
import type { DaemonState } from "./state.ts";
import { breakerSamples, queueSamples } from "./tasks/samples.ts";

/** While nobody leads here there are no projects to tell of: the leader's own metrics do. */
export function measured(
  state: () => DaemonState,
  breakers: MetricsSources["breakers"],
): MetricsSources {
  return {
    projects: () => (state().session === null ? [] : projectViews(state())),
    sample: (project) => {
      const { session } = state();
      return session === null ? null : (reportOf(project, session)?.sample ?? null);
    },
    modes: () => state().modes.list(),
    breakers: () => [...breakers(), ...breakerSamples(state())],
    leader: () => state().role === "leader",
    epoch: () => state().session?.world.install.epoch ?? null,
    streamConnected: () => state().streamConnected,
    queue: () => queueSamples(state()),
    quota: () => quotaOf(state()),
    disk: () => state().session?.world.disk ?? null,
    daemon: ownUse,
    usageDropped: () => state().session?.usage?.dropped() ?? 0,
    outboxWaiting: () => state().outbox.waiting(),
  };
}

function quotaOf({ session }: DaemonState): ReturnType<MetricsSources["quota"]> {
  if (session === null) return [];
  const { world, desk } = session;
  const cpusUsed = [...world.records.values()]
    .filter(({ name }) => world.allocations.get(name)?.admitted === true)
    .reduce((sum, { spec }) => sum + spec.limits.cpus, 0);
  return [
    { resource: "slots", limit: world.host.agents, used: desk?.pool.running ?? 0 },
    {
      resource: "memory",
      limit: memoryBudget(world.host, world.facts),
      used: reservedBytes(session),
    },
    // A sum of ceilings: it may exceed the cores (DECISIONS: CPU is not admitted by sum).
    { resource: "cpus", limit: world.facts.cpus - world.host.reserve.cpus, used: cpusUsed },
  ];
}

function ownUse(): DaemonSample {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    startedAt: performance.timeOrigin / 1000,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
  };
}
