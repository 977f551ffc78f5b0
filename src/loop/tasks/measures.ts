/** What the desk measures: performance of projects, durations of agents, breakers, worker targets, and the last decisions. */
import type { TaskRecord } from "../../model/task.ts";
import type { DecisionView } from "../../model/task-view.ts";
import { type Breaker, type BreakerEvent, CLOSED, breakerAfter } from "../../plan/pool/breaker.ts";
import { NO_PERFORMANCE, type PerformanceRecord, observeEnd } from "../../plan/pool/performance.ts";
import type { WorkerTarget } from "../../plan/pool/scaling.ts";

/** Mean and spread of an agent's durations over its last tasks. */
export interface Durations {
  readonly ended: number;
  readonly meanMs: number;
  /** Mean absolute deviation: one outlier does not spoil it. */
  readonly spreadMs: number;
}

export interface Measures {
  /** By project. */
  readonly performance: Map<string, PerformanceRecord>;
  /** By `project/agent`. */
  readonly durations: Map<string, Durations>;
  /** By project and by `project/agent`. */
  readonly breakers: Map<string, Breaker>;
  /** By `project/agent`. */
  readonly targets: Map<string, WorkerTarget>;
  /** Oldest first, at most MAX_DECISIONS. */
  readonly decisions: DecisionView[];
}

const MAX_DECISIONS = 2_000;
/** Tasks a mean looks back on. */
const WINDOW = 50;

export function newMeasures(): Measures {
  return {
    performance: new Map(),
    durations: new Map(),
    breakers: new Map(),
    targets: new Map(),
    decisions: [],
  };
}

export function keyOf(project: string, agent: string): string {
  return `${project}/${agent}`;
}

export function noteDecision(measures: Measures, decision: DecisionView): void {
  measures.decisions.push(decision);
  if (measures.decisions.length > MAX_DECISIONS) measures.decisions.splice(0, MAX_DECISIONS / 10);
}

/** Takes in how an attempt ended. Cancelled and lost ones say nothing of the work. */
export function noteEnd(measures: Measures, record: TaskRecord, now: number): void {
  const { project, agent, id, startedAt } = record;
  const event = breakerEvent(record);
  for (const key of [project, keyOf(project, agent)]) {
    const before = measures.breakers.get(key) ?? CLOSED;
    measures.breakers.set(key, breakerAfter(before, event, { now }));
  }
  if (event.kind === "inconclusive" || startedAt === null) return;
  const durationMs = Math.max(0, (record.endedAt ?? now) - startedAt);
  const performance = measures.performance.get(project) ?? NO_PERFORMANCE;
  const succeeded = event.kind === "succeeded";
  measures.performance.set(project, observeEnd(performance, { succeeded, durationMs }));
  measures.durations.set(
    keyOf(project, agent),
    averaged(measures.durations.get(keyOf(project, agent)), durationMs),
  );
  if (event.kind === "failed") noteBreaker(measures, { project, agent, task: id, now });
}

export function noteStart(
  measures: Measures,
  task: Readonly<{ id: string; project: string; agent: string }>,
  now: number,
): void {
  for (const key of [task.project, keyOf(task.project, task.agent)]) {
    const breaker = measures.breakers.get(key);
    if (breaker !== undefined)
      measures.breakers.set(
        key,
        breakerAfter(breaker, { kind: "started", task: task.id }, { now }),
      );
  }
}

function noteBreaker(
  measures: Measures,
  at: Readonly<{ project: string; agent: string; task: string; now: number }>,
): void {
  const breaker = measures.breakers.get(keyOf(at.project, at.agent));
  if (breaker?.kind !== "open") return;
  noteDecision(measures, {
    at: at.now,
    project: at.project,
    agent: at.agent,
    task: at.task,
    text: `its breaker opened: ${breaker.failureClass}`,
    why: { coolDownMs: breaker.coolDownMs },
  });
}

function averaged(before: Durations | undefined, durationMs: number): Durations {
  if (before === undefined) return { ended: 1, meanMs: durationMs, spreadMs: durationMs / 2 };
  const ended = before.ended + 1;
  const share = 1 / Math.min(ended, WINDOW);
  const meanMs = before.meanMs + (durationMs - before.meanMs) * share;
  const spreadMs = before.spreadMs + (Math.abs(durationMs - meanMs) - before.spreadMs) * share;
  return { ended, meanMs, spreadMs };
}

/** Failures of one class: the same exit code, the same signal, or a timeout. */
function breakerEvent(record: TaskRecord): BreakerEvent {
  const task = record.id;
  if (record.state === "succeeded") return { kind: "succeeded", task };
  if (record.state === "cancelled" || record.state === "lost")
    return { kind: "inconclusive", task };
  if (record.state === "timed-out") return { kind: "failed", task, failureClass: "timed out" };
  if (record.signal !== null)
    return { kind: "failed", task, failureClass: `signal ${record.signal}` };
  if (record.exitCode !== null && record.exitCode !== 0)
    return { kind: "failed", task, failureClass: `exit code ${record.exitCode}` };
  return { kind: "inconclusive", task };
}
