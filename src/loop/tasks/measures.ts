/** What the desk measures: performance of projects, durations of agents, breakers, worker targets. */
import type { Breaker } from "../../model/breaker.ts";
import type { AttemptOutcome, SettledTask } from "../../model/task.ts";
import { type BreakerEvent, CLOSED, breakerAfter } from "../../plan/pool/breaker.ts";
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
  /** Told of every breaker that is another than before. */
  readonly onBreaker: (change: BreakerChange) => void;
}

export interface BreakerChange {
  /** A project or `project/agent`. */
  readonly key: string;
  readonly before: Breaker;
  readonly after: Breaker;
  readonly at: number;
}

/** Tasks a mean looks back on. */
export const WINDOW = 50;

export function newMeasures(onBreaker: Measures["onBreaker"]): Measures {
  return {
    performance: new Map(),
    durations: new Map(),
    breakers: new Map(),
    targets: new Map(),
    onBreaker,
  };
}

export function keyOf(project: string, agent: string): string {
  return `${project}/${agent}`;
}

/** A project that is gone: one of its name that comes later is another. */
export function forgetMeasures(measures: Measures, project: string): void {
  const { performance, durations, breakers, targets } = measures;
  for (const map of [performance, durations, breakers, targets])
    for (const key of map.keys())
      if (key === project || key.startsWith(keyOf(project, ""))) map.delete(key);
}

/** How an attempt ended. */
export interface MeasuredEnd {
  readonly task: string;
  readonly project: string;
  readonly agent: string;
  readonly outcome: AttemptOutcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
}

/** As the record of its task tells it, and the attempt's own outcome: the task's state is another while retries are left. */
export function endOf(record: Required<SettledTask>, now: number): MeasuredEnd {
  const { id: task, project, agent, outcome, exitCode, signal, startedAt } = record;
  const endedAt = record.endedAt ?? now;
  return { task, project, agent, outcome, exitCode, signal, startedAt, endedAt };
}

/** Takes in how an attempt ended: measures and breakers. */
export function noteEnd(measures: Measures, end: MeasuredEnd): void {
  measureEnd(measures, end);
  const event = breakerEvent(end);
  for (const key of [end.project, keyOf(end.project, end.agent)])
    moveBreaker(measures, { key, event, at: end.endedAt });
}

/** Measures only. Cancelled and lost ones say nothing of the work. */
export function measureEnd(measures: Measures, end: MeasuredEnd): void {
  const { project, agent, startedAt, endedAt } = end;
  const { kind } = breakerEvent(end);
  if (kind === "inconclusive" || startedAt === null) return;
  const durationMs = Math.max(0, endedAt - startedAt);
  const performance = measures.performance.get(project) ?? NO_PERFORMANCE;
  const succeeded = kind === "succeeded";
  measures.performance.set(project, observeEnd(performance, { succeeded, durationMs }));
  const key = keyOf(project, agent);
  measures.durations.set(key, averaged(measures.durations.get(key), durationMs));
}

export function noteStart(
  measures: Measures,
  task: Readonly<{ id: string; project: string; agent: string }>,
  now: number,
): void {
  for (const key of [task.project, keyOf(task.project, task.agent)])
    if (measures.breakers.has(key))
      moveBreaker(measures, { key, event: { kind: "started", task: task.id }, at: now });
}

/** It was let through, but goes back to wait or ended without a run: where it is the probe, the next one may try. */
export function noteUntried(
  measures: Measures,
  { id: task, project, agent }: Readonly<{ id: string; project: string; agent: string }>,
  now: number,
): void {
  for (const key of [project, keyOf(project, agent)]) freeProbe(measures, { key, task, now });
}

/** No breaker waits for a task that has no slot: it would wait for ever. */
export function freeProbes(
  measures: Measures,
  hasSlot: (task: string) => boolean,
  now: number,
): void {
  for (const [key, breaker] of measures.breakers)
    if (breaker.kind === "half-open" && breaker.probe !== null && !hasSlot(breaker.probe))
      freeProbe(measures, { key, task: breaker.probe, now });
}

function freeProbe(
  measures: Measures,
  { key, task, now }: Readonly<{ key: string; task: string; now: number }>,
): void {
  const breaker = measures.breakers.get(key);
  if (breaker?.kind === "half-open" && breaker.probe === task)
    moveBreaker(measures, { key, event: { kind: "inconclusive", task }, at: now });
}

/** Lets one breaker take an event in. */
export function moveBreaker(
  measures: Measures,
  { key, event, at }: Readonly<{ key: string; event: BreakerEvent; at: number }>,
): void {
  const before = measures.breakers.get(key) ?? CLOSED;
  const after = breakerAfter(before, event, { now: at });
  measures.breakers.set(key, after);
  if (!isSame(before, after)) measures.onBreaker({ key, before, after, at });
}

function isSame(a: Breaker, b: Breaker): boolean {
  if (a === b) return true;
  return (
    a.kind === "closed" &&
    b.kind === "closed" &&
    a.failures === b.failures &&
    a.failureClass === b.failureClass
  );
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
export function breakerEvent({ task, outcome, signal, exitCode }: MeasuredEnd): BreakerEvent {
  if (outcome === "succeeded") return { kind: "succeeded", task };
  if (outcome === "timed-out") return { kind: "failed", task, failureClass: "timed out" };
  if (outcome !== "failed") return { kind: "inconclusive", task };
  if (signal !== null) return { kind: "failed", task, failureClass: `signal ${signal}` };
  if (exitCode !== null && exitCode !== 0)
    return { kind: "failed", task, failureClass: `exit code ${exitCode}` };
  return { kind: "inconclusive", task };
}
