/** A simulation's report as a table for people: every figure of every project, then the whole. */
import { roughDuration } from "../../base/duration.ts";
import type { ProjectFigures, SimulationReport } from "./simulation-tally.ts";

export const SIMULATION_COLUMNS = [
  "PROJECT",
  "WEIGHT",
  "TASKS",
  "STARTED",
  "EXPIRED",
  "WAIT MEAN",
  "P50",
  "P95",
  "MAX",
  "TASKS/S",
  "SHARE",
] as const;

/** One row a project, in the order of SIMULATION_COLUMNS. */
export function simulationRows(report: SimulationReport): readonly (readonly string[])[] {
  return report.projects.map(rowOf);
}

/** The whole machine, in one line. */
export function simulationSummary(report: SimulationReport): string {
  const { slotTime, starts } = report.fairness;
  return [
    `${report.strategy} on ${report.slots} slots`,
    `${report.tasks} ${report.tasks === 1 ? "task" : "tasks"} in ${showMs(report.untilMs)}`,
    `${report.throughput.toFixed(2)} tasks/s`,
    `utilisation ${percent(report.utilisation)}`,
    `fairness of slot time ${index(slotTime)}`,
    `of starts ${index(starts)}`,
  ].join(", ");
}

function rowOf(figures: ProjectFigures): readonly string[] {
  const { wait } = figures;
  const waits =
    wait === null
      ? ["-", "-", "-", "-"]
      : [wait.meanMs, wait.p50Ms, wait.p95Ms, wait.maxMs].map(showMs);
  return [
    figures.project,
    String(figures.weight),
    String(figures.tasks),
    String(figures.started),
    String(figures.expired),
    ...waits,
    figures.throughput.toFixed(2),
    percent(figures.share),
  ];
}

function index(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)}%`;
}

function showMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}s` : roughDuration(ms);
}
