/** What a simulation counts: waits, throughput, utilisation and fairness, per project and in all. */
import type { Trace, TraceTask } from "./trace.ts";

export interface WaitFigures {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface ProjectFigures {
  readonly project: string;
  readonly weight: number;
  readonly tasks: number;
  readonly started: number;
  /** Past their deadline before a slot was free. */
  readonly expired: number;
  /** Of those started; null: none was. */
  readonly wait: WaitFigures | null;
  /** Tasks ended per second of the whole run. */
  readonly throughput: number;
  readonly slotMs: number;
  /** Of the slot time that was used, 0..1. */
  readonly share: number;
}

export interface SimulationReport {
  readonly strategy: string;
  readonly slots: number;
  readonly tasks: number;
  /** When the last task ended. */
  readonly untilMs: number;
  readonly throughput: number;
  /** Slot time used over slot time there was, 0..1. */
  readonly utilisation: number;
  /** Jain's index over weighted shares while projects contended; null: they never did (for starts: not for 100 decisions). */
  readonly fairness: Readonly<{ slotTime: number | null; starts: number | null }>;
  /** By name. */
  readonly projects: readonly ProjectFigures[];
}

export type SimulationFrame = Pick<SimulationReport, "strategy" | "slots" | "untilMs" | "fairness">;

interface Count {
  readonly waits: number[];
  tasks: number;
  ended: number;
  expired: number;
  slotMs: number;
}

export class Tally {
  readonly #trace: Trace;
  readonly #counts: ReadonlyMap<string, Count>;

  constructor(trace: Trace) {
    this.#trace = trace;
    const names = [...trace.projects.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    this.#counts = new Map(
      names.map((name) => [name, { waits: [], tasks: 0, ended: 0, expired: 0, slotMs: 0 }]),
    );
    for (const { project } of trace.tasks) {
      const count = this.#counts.get(project);
      if (count !== undefined) count.tasks += 1;
    }
  }

  started(task: TraceTask, now: number): void {
    this.#counts.get(task.project)?.waits.push(now - task.at);
  }

  ended(task: TraceTask): void {
    const count = this.#counts.get(task.project);
    if (count === undefined) return;
    count.ended += 1;
    count.slotMs += task.durationMs;
  }

  expired(task: TraceTask): void {
    const count = this.#counts.get(task.project);
    if (count !== undefined) count.expired += 1;
  }

  report(frame: SimulationFrame): SimulationReport {
    const counts = [...this.#counts.values()];
    const slotMs = counts.reduce((sum, count) => sum + count.slotMs, 0);
    const ended = counts.reduce((sum, count) => sum + count.ended, 0);
    const seconds = frame.untilMs / 1000;
    return {
      ...frame,
      tasks: this.#trace.tasks.length,
      throughput: seconds === 0 ? 0 : ended / seconds,
      utilisation: frame.untilMs === 0 ? 0 : slotMs / (frame.slots * frame.untilMs),
      projects: [...this.#counts].map(([project, count]) => ({
        project,
        weight: this.#trace.projects.get(project)?.weight ?? 1,
        tasks: count.tasks,
        started: count.waits.length,
        expired: count.expired,
        wait: waitFigures(count.waits),
        throughput: seconds === 0 ? 0 : count.ended / seconds,
        slotMs: count.slotMs,
        share: slotMs === 0 ? 0 : count.slotMs / slotMs,
      })),
    };
  }
}

function waitFigures(waits: readonly number[]): WaitFigures | null {
  if (waits.length === 0) return null;
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const meanMs = sorted.reduce((sum, wait) => sum + wait, 0) / sorted.length;
  return { meanMs, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}
