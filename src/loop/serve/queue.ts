/** The queue as people see it: the order in which tasks will start, what binds each, and when it probably starts. */
import type { QueueRow, QueueView, WorkerRow } from "../../model/task-view.ts";
import type { WaitingTask } from "../../model/task.ts";
import { CLOSED, breakerAt } from "../../plan/pool/breaker.ts";
import { constraintOn } from "../../plan/pool/constraint.ts";
import { type ExpectedStart, forecast } from "../../plan/pool/estimate.ts";
import type { PoolLimits } from "../../plan/pool/limits.ts";
import { STRATEGIES } from "../../plan/pool/strategies.ts";
import { type DaemonState, leading } from "../state.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";
import { poolLimits } from "../tasks/limits.ts";
import { keyOf } from "../tasks/measures.ts";
import { deskOf } from "./desk-of.ts";

export async function queueView(
  project: string | null,
  limit: number,
  state: DaemonState,
): Promise<QueueView> {
  const session = leading(state);
  const desk = deskOf(session);
  const limits = poolLimits(desk);
  // a reader that wants no tasks is not made to wait for their forecast
  const expected = limit === 0 ? new Map() : expectedStarts(desk, limits);
  const wanted = (limit === 0 ? [] : inOrder(desk, expected))
    .map((task, index) => ({ task, position: index + 1 }))
    .filter(({ task }) => project === null || task.project === project)
    .slice(0, limit);
  const workers = workerRows(desk, limits).filter(
    (row) => project === null || row.project === project,
  );
  return {
    strategy: session.world.host.strategy,
    slots: limits.slots,
    taken: desk.pool.running,
    // of one project only its own, as in the list
    waiting: project === null ? desk.pool.waiting : waitingIn(project, desk),
    workers,
    items: wanted.map(({ task, position }) => rowOf(task, { position, desk, limits, expected })),
  };
}

/** Also of agents that are declared no more. */
function waitingIn(project: string, { pool }: OpenDesk): number {
  const agents = pool.lines(project)?.agents.values() ?? [];
  return [...agents].reduce((sum, { queue }) => sum + queue.size, 0);
}

/** The allocator run forward on what has been measured. */
export function expectedStarts(
  desk: OpenDesk,
  limits: PoolLimits,
): ReadonlyMap<string, ExpectedStart> {
  const { session, pool, memory, measures } = desk;
  return forecast({
    pool,
    limits,
    strategy: STRATEGIES[session.world.host.strategy],
    memory,
    now: session.now(),
    durationOf: (project, agent) => measures.durations.get(keyOf(project, agent)) ?? null,
  });
}

/**
 * Those with an expected start in that order. Of the others nothing is known across queues: they come by their place in their
 * own queue, which priority, deadline and age decide, then by arrival.
 */
function inOrder(
  desk: OpenDesk,
  expected: ReadonlyMap<string, ExpectedStart>,
): readonly WaitingTask[] {
  const now = desk.session.now();
  const rank = (task: WaitingTask): number => expected.get(task.id)?.ahead ?? Infinity;
  return desk.pool
    .byName()
    .flatMap(({ agents }) => [...agents.values()])
    .flatMap(({ queue }) =>
      [...queue.inOrder(now)].map(({ task }, place) => ({ task, place, ahead: rank(task) })),
    )
    .toSorted((a, b) =>
      a.ahead === b.ahead
        ? a.place - b.place || a.task.readyAt - b.task.readyAt
        : a.ahead - b.ahead,
    )
    .map(({ task }) => task);
}

interface RowContext {
  readonly position: number;
  readonly desk: OpenDesk;
  readonly limits: PoolLimits;
  readonly expected: ReadonlyMap<string, ExpectedStart>;
}

function rowOf(task: WaitingTask, { position, desk, limits, expected }: RowContext): QueueRow {
  const now = desk.session.now();
  const start = expected.get(task.id);
  return {
    task: task.id,
    project: task.project,
    agent: task.agent,
    position,
    priority: task.priority,
    waitingMs: Math.max(0, now - task.readyAt),
    constraint: constraintOn({ ...task, notBefore: null }, { pool: desk.pool, limits, now }).text,
    estimateMs: start === undefined ? null : Math.max(0, Math.round(start.at - now)),
    errorMs: start === undefined ? null : Math.max(0, Math.round((start.to - start.from) / 2)),
  };
}

function workerRows(desk: OpenDesk, limits: PoolLimits): readonly WorkerRow[] {
  const now = desk.session.now();
  return [...limits.projects.values()].flatMap(({ project, workers }) =>
    [...workers].map(([agent, { min, max, target }]) => {
      const line = desk.pool.line(project, agent);
      const breaker = breakerAt(desk.measures.breakers.get(keyOf(project, agent)) ?? CLOSED, now);
      return {
        project,
        agent,
        running: line?.running ?? 0,
        waiting: line?.queue.size ?? 0,
        min,
        max,
        target,
        breaker: breaker.kind,
      };
    }),
  );
}
