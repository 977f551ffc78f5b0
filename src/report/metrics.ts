/** The daemon's metrics: one registry, filled from views at each scrape, so that series go when their project goes. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Mode, ModeName, ProjectView } from "../model/view.ts";

export interface MetricsSources {
  projects(): readonly ProjectView[];
  modes(): readonly Mode[];
  breakers(): readonly Readonly<{ name: string; state: "closed" | "open" | "half-open" }>[];
  leader(): boolean;
  epoch(): number | null;
  streamConnected(): boolean;
  queue(): readonly QueueSample[];
  quota(): readonly Readonly<{ resource: string; limit: number; used: number }>[];
}

/** What waits and works of one project. */
export interface QueueSample {
  readonly project: string;
  readonly waiting: number;
  readonly running: number;
  /** Of the task that waits longest; 0 when none does. */
  readonly oldestSeconds: number;
}

export interface Metrics {
  engineRequest(operation: string, seconds: number, ok: boolean): void;
  pass(kind: "host" | "project", seconds: number, ok: boolean): void;
  drift(project: string, kind: string): void;
  restarted(project: string, agent: string): void;
  oom(project: string, count: number): void;
  /** An attempt ended. */
  taskEnded(project: string, outcome: string): void;
  /** A task got its slot. */
  taskWaited(project: string, seconds: number): void;
  forget(project: string): void;
  text(): Promise<string>;
}

const BREAKER = { closed: 0, "half-open": 1, open: 2 } as const;
const MODES: readonly ModeName[] = [
  "engine-gone",
  "redis-gone",
  "postgres-gone",
  "repairs-waiting",
  "disk-low",
  "firewall-unverified",
  "standby",
  "foreign-install",
  "mass-orphans",
];

/** Opens the registry; `version` becomes the label of berth_build_info. */
export function openMetrics(sources: MetricsSources, version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const counter = (name: string, help: string, labelNames: readonly string[] = []): Counter =>
    new Counter({ name, help, labelNames: [...labelNames], registers });

  gauge("berth_build_info", "Always 1; the version is a label.", ["version"]).set({ version }, 1);
  const requests = new Histogram({
    name: "berth_docker_request_duration_seconds",
    help: "Duration of engine requests.",
    labelNames: ["operation", "ok"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const passes = new Histogram({
    name: "berth_reconcile_duration_seconds",
    help: "Duration of reconcile passes.",
    labelNames: ["pass", "ok"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const waits = new Histogram({
    name: "berth_task_wait_seconds",
    help: "From ready to its slot.",
    labelNames: ["project"],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600],
    registers,
  });
  const { drifts, restarts, ooms, tasks } = projectCounters(counter);
  const counters = [drifts, restarts, ooms, tasks];
  const fromViews = viewGauges(gauge, counter);
  const host = hostGauges(gauge);

  return {
    engineRequest: (operation, seconds, ok) =>
      requests.observe({ operation, ok: String(ok) }, seconds),
    pass: (kind, seconds, ok) => passes.observe({ pass: kind, ok: String(ok) }, seconds),
    drift: (project, kind) => drifts.inc({ project, kind }),
    restarted: (project, agent) => restarts.inc({ project, agent }),
    oom: (project, count) => ooms.inc({ project }, count),
    taskEnded: (project, outcome) => tasks.inc({ project, outcome }),
    taskWaited: (project, seconds) => waits.observe({ project }, seconds),
    forget(project) {
      waits.remove({ project });
      for (const each of counters) each.forget(project);
    },
    text() {
      fromViews(sources.projects());
      host(sources);
      return registry.metrics();
    },
  };
}

function projectCounters(counter: MakeCounter) {
  const drifts = forgettable(
    counter("berth_drift_total", "Drift made by somebody else, found and repaired.", [
      "project",
      "kind",
    ]),
  );
  const restarts = forgettable(
    counter("berth_agent_restarts_total", "Agent processes started again.", ["project", "agent"]),
  );
  const ooms = forgettable(
    counter("berth_oom_kills_total", "Processes the kernel killed for memory.", ["project"]),
  );
  const tasks = forgettable(
    counter("berth_tasks_total", "Attempts at tasks that ended.", ["project", "outcome"]),
  );
  return { drifts, restarts, ooms, tasks };
}

/** A counter that can forget a project: prom-client keeps series for ever, so the labels used are remembered here. */
function forgettable(
  counter: Counter,
): Readonly<{ inc(labels: Labels, by?: number): void; forget(project: string): void }> {
  const used = new Map<string, Labels>();
  return {
    inc(labels, by = 1) {
      used.set(JSON.stringify(labels), labels);
      counter.inc({ ...labels }, by);
    },
    forget(project) {
      for (const [key, labels] of used) {
        if (labels.project !== project) continue;
        counter.remove({ ...labels });
        used.delete(key);
      }
    },
  };
}

type Labels = Readonly<{ project: string; kind?: string; agent?: string; outcome?: string }>;
type MakeGauge = (name: string, help: string, labelNames?: readonly string[]) => Gauge;
type MakeCounter = (name: string, help: string, labelNames?: readonly string[]) => Counter;

function viewGauges(
  gauge: MakeGauge,
  counter: MakeCounter,
): (projects: readonly ProjectView[]) => void {
  const state = gauge("berth_project_state", "1 for the phase a project is in.", [
    "project",
    "state",
  ]);
  const agents = gauge("berth_agents", "Agent processes by state.", ["project", "agent", "state"]);
  const cpu = counter("container_cpu_usage_seconds_total", "CPU time used by the container.", [
    "project",
  ]);
  const cpuOfAgent = gauge("berth_agent_cpu_seconds", "CPU time used by an agent's process tree.", [
    "project",
    "agent",
  ]);
  const rssOfAgent = gauge(
    "berth_agent_memory_rss_bytes",
    "Resident memory of an agent's process tree.",
    ["project", "agent"],
  );
  const memory = gauge(
    "container_memory_working_set_bytes",
    "Memory in use that cannot be reclaimed.",
    ["project"],
  );
  const limit = gauge("container_spec_memory_limit_bytes", "Memory limit of the container.", [
    "project",
  ]);
  const cpuQuota = gauge("container_spec_cpu_quota", "CPU limit in microseconds per 100 ms.", [
    "project",
  ]);
  const pids = gauge("container_processes", "Processes and threads in the container.", ["project"]);
  const all = [state, agents, cpu, cpuOfAgent, rssOfAgent, memory, limit, cpuQuota, pids];
  return (projects) => {
    for (const each of all) each.reset();
    for (const view of projects) {
      const project = view.name;
      state.set({ project, state: view.phase }, 1);
      limit.set({ project }, view.limits.memoryBytes);
      cpuQuota.set({ project }, view.limits.nanoCpus / 10_000);
      if (view.usage.memoryBytes !== null) memory.set({ project }, view.usage.memoryBytes);
      if (view.usage.cpuMs !== null) cpu.inc({ project }, view.usage.cpuMs / 1000);
      if (view.usage.pids !== null) pids.set({ project }, view.usage.pids);
      for (const agent of view.agents) {
        agents.inc({ project, agent: agent.agent, state: agent.state }, 1);
        if (agent.cpuMs !== null)
          cpuOfAgent.inc({ project, agent: agent.agent }, agent.cpuMs / 1000);
        if (agent.rssBytes !== null)
          rssOfAgent.inc({ project, agent: agent.agent }, agent.rssBytes);
      }
    }
  };
}

function hostGauges(gauge: MakeGauge): (sources: MetricsSources) => void {
  const leader = gauge("berth_leader", "1 while this daemon leads.");
  const epoch = gauge("berth_epoch", "Fencing epoch this daemon acts under.");
  const stream = gauge(
    "berth_events_stream_connected",
    "1 while the engine's event stream is connected.",
  );
  const breaker = gauge("berth_breaker_state", "0 closed, 1 half-open, 2 open.", ["name"]);
  const mode = gauge("berth_mode", "1 while the named degraded mode holds.", ["mode"]);
  const depth = gauge("berth_queue_depth", "Tasks that wait for a slot.", ["project"]);
  const oldest = gauge("berth_queue_oldest_seconds", "Wait of the oldest waiting task.", [
    "project",
  ]);
  const working = gauge("berth_tasks_running", "Tasks that hold a slot.", ["project"]);
  const quotaLimit = gauge("berth_quota_limit", "Budget of the host.", ["resource"]);
  const quotaUsed = gauge("berth_quota_used", "Part of the budget that is reserved.", ["resource"]);
  return (sources) => {
    leader.set(sources.leader() ? 1 : 0);
    epoch.set(sources.epoch() ?? 0);
    stream.set(sources.streamConnected() ? 1 : 0);
    for (const each of sources.breakers()) breaker.set({ name: each.name }, BREAKER[each.state]);
    const held = new Set(sources.modes().map(({ name }) => name));
    for (const name of MODES) mode.set({ mode: name }, held.has(name) ? 1 : 0);
    for (const each of [depth, oldest, working]) each.reset();
    for (const { project, waiting, running, oldestSeconds } of sources.queue()) {
      depth.set({ project }, waiting);
      oldest.set({ project }, oldestSeconds);
      working.set({ project }, running);
    }
    for (const { resource, limit, used } of sources.quota()) {
      quotaLimit.set({ resource }, limit);
      quotaUsed.set({ resource }, used);
    }
  };
}
