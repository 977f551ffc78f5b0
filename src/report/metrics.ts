/** The daemon's metrics: one registry, filled from views at each scrape, so that series go when their project goes. */
import { Registry } from "prom-client";
import { hostGauges } from "./host-gauges.ts";
import type { MetricsSources } from "./metrics-sources.ts";
import { containerGauges, projectGauges } from "./project-gauges.ts";
import { type Forgettable, forgettable, type Makers, makersOf } from "./series.ts";

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

/** How an attempt can end; `retried` goes back to wait. */
const OUTCOMES = ["succeeded", "failed", "cancelled", "timed-out", "lost", "dead", "retried"];

/** Opens the registry; `version` becomes the label of berth_build_info. */
export function openMetrics(sources: MetricsSources, version: string): Metrics {
  const registry = new Registry();
  const make = makersOf(registry);
  make
    .gauge("berth_build_info", "Always 1; the version is a label.", ["version"])
    .set({ version }, 1);
  const { requests, passes, waits } = durations(make);
  const { drifts, restarts, ooms, tasks } = counters(make);
  const forgetful: readonly Forgettable[] = [drifts, restarts, ooms, tasks];
  const waited = new Set<string>();
  const forgetWait = (project: string): void => {
    waits.remove({ project });
    waited.delete(project);
  };
  const fills = [projectGauges(make), containerGauges(make), hostGauges(make)];

  const refill = (): void => {
    const projects = sources.projects();
    const names = new Set(projects.map(({ name }) => name));
    // A project another leader removed while we stood by has nobody else to forget it.
    for (const each of forgetful) each.keep(names);
    for (const project of waited) if (!names.has(project)) forgetWait(project);
    for (const { name: project, agents } of projects) {
      // A series that begins with its first event would hide that event from `increase()`.
      ooms.inc({ project }, 0);
      for (const { agent } of agents) restarts.inc({ project, agent }, 0);
    }
    for (const { project } of sources.queue()) {
      for (const outcome of OUTCOMES) tasks.inc({ project, outcome }, 0);
      if (!waited.has(project)) waits.zero({ project });
      waited.add(project);
    }
    for (const fill of fills) fill(sources, projects);
  };
  return {
    engineRequest: (operation, seconds, ok) =>
      requests.observe({ operation, ok: String(ok) }, seconds),
    pass: (kind, seconds, ok) => passes.observe({ pass: kind, ok: String(ok) }, seconds),
    drift: (project, kind) => drifts.inc({ project, kind }),
    restarted: (project, agent) => restarts.inc({ project, agent }),
    oom: (project, count) => ooms.inc({ project }, count),
    taskEnded: (project, outcome) => tasks.inc({ project, outcome }),
    taskWaited(project, seconds) {
      waited.add(project);
      waits.observe({ project }, seconds);
    },
    forget(project) {
      forgetWait(project);
      for (const each of forgetful) each.forget(project);
    },
    text() {
      refill();
      return registry.metrics();
    },
  };
}

function durations(make: Makers) {
  return {
    requests: make.histogram({
      name: "berth_docker_request_duration_seconds",
      help: "Duration of engine requests.",
      labelNames: ["operation", "ok"],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    passes: make.histogram({
      name: "berth_reconcile_duration_seconds",
      help: "Duration of reconcile passes.",
      labelNames: ["pass", "ok"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    }),
    waits: make.histogram({
      name: "berth_task_wait_seconds",
      help: "From ready to its slot.",
      labelNames: ["project"],
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600],
    }),
  };
}

function counters({ counter }: Makers) {
  return {
    drifts: forgettable(
      counter("berth_drift_total", "Drift made by somebody else, found and repaired.", [
        "project",
        "kind",
      ]),
    ),
    restarts: forgettable(
      counter("berth_agent_restarts_total", "Agent processes started again.", ["project", "agent"]),
    ),
    ooms: forgettable(
      counter("berth_oom_kills_total", "Processes the kernel killed for memory.", ["project"]),
    ),
    tasks: forgettable(
      counter("berth_tasks_total", "Attempts at tasks that ended.", ["project", "outcome"]),
    ),
  };
}
