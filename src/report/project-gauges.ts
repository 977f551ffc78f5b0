/** Metrics of projects and their containers: set anew at each scrape from the views and the last cgroup readings. */
import type { CgroupSample } from "../model/observed.ts";
import type { ProjectView } from "../model/view.ts";
import type { MetricsSources } from "./metrics-sources.ts";
import type { Makers } from "./series.ts";

export type Fill = (sources: MetricsSources, projects: readonly ProjectView[]) => void;

/** The CFS period every quota is stated in, microseconds; the engine's own for `NanoCpus`. */
const CPU_PERIOD_US = 100_000;

/** What Berth knows of a project: its phase, its health, its agents, and what these ask. */
export function projectGauges({ gauge }: Makers): Fill {
  const state = gauge("berth_project_state", "1 for the phase a project is in.", [
    "project",
    "state",
  ]);
  const health = gauge("berth_project_health", "1 for the word that says how a project is.", [
    "project",
    "health",
  ]);
  const agents = gauge("berth_agents", "Agent processes by state.", ["project", "agent", "state"]);
  const asking = gauge("berth_needs_you", "Questions that wait for a person's answer.", [
    "project",
  ]);
  const all = [state, health, agents, asking];
  return (_sources, projects) => {
    for (const each of all) each.reset();
    for (const { name: project, ...view } of projects) {
      state.set({ project, state: view.phase }, 1);
      health.set({ project, health: view.health }, 1);
      asking.set({ project }, view.needsYou.count);
      for (const { agent, state: now } of view.agents) agents.inc({ project, agent, state: now });
    }
  };
}

/**
 * What the kernel says, under cAdvisor's names. As in cAdvisor, a series without the finer label is the whole: with
 * `agent` it is the process tree of one agent, so that sums are made over `{agent=""}`.
 */
export function containerGauges({ gauge, counter }: Makers): Fill {
  const cpu = counter("container_cpu_usage_seconds_total", "CPU time used.", ["project", "agent"]);
  const rss = gauge("container_memory_rss", "Resident memory of an agent's process tree, bytes.", [
    "project",
    "agent",
  ]);
  const limit = gauge("container_spec_memory_limit_bytes", "Memory limit.", ["project"]);
  const quota = gauge("container_spec_cpu_quota", "CPU limit, microseconds a period.", ["project"]);
  const period = gauge("container_spec_cpu_period", "CPU period, microseconds.", ["project"]);
  const threadsMax = gauge("container_threads_max", "Limit of processes and threads.", ["project"]);
  const seen = gauge("container_last_seen", "When its runner was last heard, seconds.", [
    "project",
  ]);
  const all = [cpu, rss, limit, quota, period, threadsMax, seen];
  const kernel = kernelGauges({ gauge, counter });
  return (sources, projects) => {
    for (const each of all) each.reset();
    kernel.reset();
    for (const { name: project, ...view } of projects) {
      limit.set({ project }, view.limits.memoryBytes);
      quota.set({ project }, (view.limits.nanoCpus / 1e9) * CPU_PERIOD_US);
      period.set({ project }, CPU_PERIOD_US);
      threadsMax.set({ project }, view.limits.pids);
      const sample = sources.sample(project);
      if (sample !== null) {
        seen.set({ project }, sample.at / 1000);
        if (sample.cpuUsageMs !== null) cpu.inc({ project }, sample.cpuUsageMs / 1000);
        kernel.set(project, sample);
      }
      for (const { agent, cpuMs, rssBytes } of view.agents) {
        if (cpuMs !== null) cpu.inc({ project, agent }, cpuMs / 1000);
        if (rssBytes !== null) rss.inc({ project, agent }, rssBytes);
      }
    }
  };
}

function kernelGauges({ gauge, counter }: Pick<Makers, "gauge" | "counter">) {
  const workingSet = gauge(
    "container_memory_working_set_bytes",
    "Memory in use that cannot be reclaimed.",
    ["project"],
  );
  const usage = gauge("container_memory_usage_bytes", "Memory in use, page cache included.", [
    "project",
  ]);
  const throttled = counter(
    "container_cpu_cfs_throttled_seconds_total",
    "Time in which it wanted CPU and its limit refused.",
    ["project"],
  );
  const threads = gauge("container_threads", "Processes and threads in the container.", [
    "project",
  ]);
  const ooms = counter("container_oom_events_total", "OOM kills the container's cgroup counted.", [
    "project",
  ]);
  const all = [workingSet, usage, throttled, threads, ooms];
  return {
    reset(): void {
      for (const each of all) each.reset();
    },
    set(project: string, sample: CgroupSample): void {
      if (sample.memoryWorkingSetBytes !== null)
        workingSet.set({ project }, sample.memoryWorkingSetBytes);
      if (sample.memoryUsageBytes !== null) usage.set({ project }, sample.memoryUsageBytes);
      if (sample.cpuThrottledMs !== null) throttled.inc({ project }, sample.cpuThrottledMs / 1000);
      if (sample.pidsCurrent !== null) threads.set({ project }, sample.pidsCurrent);
      if (sample.oomKills !== null) ooms.inc({ project }, sample.oomKills);
    },
  };
}
