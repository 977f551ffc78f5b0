/** A task door in memory for properties of the desk: the records' moves without SQL, whose answers can be lost. */
import { BerthError } from "../../src/base/errors.ts";
import type { KeptBreaker } from "../../src/model/breaker.ts";
import type { AttemptOutcome, SettledTask, TaskRecord, WaitingTask } from "../../src/model/task.ts";
import { attemptEndsOf } from "../../src/postgres/journal-tasks.ts";
import { nextOf } from "../../src/postgres/attempt-next.ts";
import type { AttemptEnd } from "../../src/postgres/attempt-next.ts";
import type { JournalEvent } from "../../src/model/run.ts";
import type { EndedAttempt, SubmitRow, TaskDoor } from "../../src/postgres/task-door.ts";

/** `before`: nothing was done; `after`: it was done and the answer is lost; `late`: it was done and the answer comes late; `slow`: it is done late. */
export type Fate = "answered" | "before" | "after" | "late" | "slow";

/** Longer than a desk that doubts waits before it compares. */
const LATE_MS = 900;

interface Attempt {
  readonly run: string;
  readonly task: string;
  handed: boolean;
  ended: boolean;
  outcome?: AttemptOutcome;
}

export interface FakeTaskDoor {
  readonly door: TaskDoor;
  readonly records: Map<string, TaskRecord>;
  readonly attempts: Map<string, Attempt>;
  /** As a runner's journal; throws by fate. */
  readonly ingest: (events: readonly JournalEvent[]) => Promise<void>;
}

/** What nobody here asks of an attempt. */
const ATTEMPT = {
  attempt: 1,
  claimedAt: 0,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  signal: null,
  reason: null,
};

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LATE_MS));
}

function unreachable(): BerthError {
  return new BerthError("transient", { code: "postgres.unreachable", detail: "answer lost" });
}

export function fakeTaskDoor(fate: (call: string) => Fate, now: () => number): FakeTaskDoor {
  const records = new Map<string, TaskRecord>();
  const attempts = new Map<string, Attempt>();
  const asked = new Set<string>();
  const breakers = new Map<string, KeptBreaker>();
  const counted: EndedAttempt[] = [];
  let tell = (_records: readonly SettledTask[]): void => undefined;

  const call = async <T>(name: string, work: () => T): Promise<T> => {
    const how = fate(name);
    await Promise.resolve();
    if (how === "before") throw unreachable();
    if (how === "slow") await pause();
    const answer = work();
    if (how === "late") await pause();
    if (how === "after") throw unreachable();
    return answer;
  };
  const at = (id: string): TaskRecord => {
    const record = records.get(id);
    if (record === undefined) throw new Error(`no task ${id}`);
    return record;
  };
  const move = (id: string, change: Partial<TaskRecord>): TaskRecord => {
    const record = { ...at(id), ...change };
    records.set(id, record);
    return record;
  };
  const settle = (ends: readonly AttemptEnd[]): readonly SettledTask[] =>
    ends.flatMap((end) => {
      const attempt = attempts.get(end.run);
      if (attempt === undefined || attempt.ended) return [];
      attempt.ended = true;
      attempt.outcome = end.outcome;
      const task = at(attempt.task);
      const open = { ...task, run: end.run, task: task.id, backoffMs: 0, leaving: false };
      const { project, agent, startedAt } = task;
      const { outcome, exitCode, signal } = end;
      const times = { startedAt: startedAt ?? now(), endedAt: end.endedAt ?? now() };
      counted.push({ task: task.id, project, agent, outcome, exitCode, signal, ...times });
      const next = nextOf({ ...open, cancelAsked: asked.has(task.id) }, end);
      const state = next.state === "pending" ? ("pending" as const) : next.state;
      const moved = move(task.id, {
        state,
        reason: next.reason,
        exitCode,
        signal,
        endedAt: state === "pending" ? null : now(),
        notBefore: state === "pending" ? now() : null,
      });
      return [{ ...moved, outcome }];
    });
  const open = (): readonly Attempt[] => [...attempts.values()].filter(({ ended }) => !ended);
  const of = (state: TaskRecord["state"]): readonly TaskRecord[] =>
    [...records.values()].filter((record) => record.state === state);

  const door: Partial<TaskDoor> = {
    submit: (_epoch, rows) =>
      call("submit", () =>
        rows.map((row) => {
          const known = [...records.values()].find(({ tags }) => tags[0] === row.idempotencyKey);
          if (known !== undefined) return { ok: true as const, task: known, fresh: false };
          const task = recordOf(row, String(records.size + 1), now());
          records.set(task.id, task);
          return { ok: true as const, task, fresh: true };
        }),
      ),
    waiting: () => call("waiting", () => of("ready").map(waitingOf)),
    open: () => call("open", () => ({ ready: of("ready").length, running: open().length })),
    running: () =>
      call("running", () =>
        open().map(({ run, task, handed }) => {
          const { project, agent } = at(task);
          const lease = { startedAt: now(), leaseUntil: now(), handed };
          return { task, run, project, agent, ...lease, cancelAsked: asked.has(task) };
        }),
      ),
    claim: (_epoch, poolSize, claims) =>
      call("claim", () =>
        claims.flatMap(({ task, run }) => {
          if (at(task).state !== "ready" || open().length >= poolSize) return [];
          const { attempts: before, project, agent, payload } = at(task);
          move(task, { state: "running", attempts: before + 1, run, startedAt: now() });
          attempts.set(run, { run, task, handed: false, ended: false });
          return [{ task, run, attempt: before + 1, project, agent, payload, timeoutMs: 1_000 }];
        }),
      ),
    handed: (_epoch, runs) =>
      call("handed", () =>
        runs.forEach((run) => {
          const attempt = attempts.get(run);
          if (attempt !== undefined) attempt.handed = true;
        }),
      ),
    unclaim: (_epoch, runs) =>
      call("unclaim", () =>
        runs.forEach((run) => {
          const attempt = attempts.get(run);
          if (attempt === undefined || attempt.ended || attempt.handed) return;
          attempts.delete(run);
          const { attempts: made } = at(attempt.task);
          move(attempt.task, { state: "ready", attempts: made - 1, run: null, startedAt: null });
        }),
      ),
    renew: () => call("renew", () => undefined),
    settle: async (_epoch, ends) => {
      const ended = await call("settle", () =>
        settle(ends.map((end) => ({ ...end, startedAt: null, endedAt: null }))),
      );
      tell(ended);
      return ended;
    },
    promote: () =>
      call("promote", () => {
        const ready = of("pending").map(({ id }) =>
          waitingOf(move(id, { state: "ready", readyAt: now(), notBefore: null })),
        );
        return { ready, ended: [], nextAt: null, awaited: false };
      }),
    attempts: (id) =>
      call("attempts", () =>
        [...attempts.values()]
          .filter(({ task }) => task === id)
          .map(({ run, outcome }) => ({ ...ATTEMPT, run, outcome: outcome ?? null })),
      ),
    get: (id) =>
      call("get", () => {
        const record = records.get(id);
        return record === undefined ? null : { ...record, ran: null };
      }),
    cancel: (_epoch, id) =>
      call("cancel", () => {
        const { state, run } = at(id);
        if (state === "ready" || state === "pending")
          return { task: move(id, { state: "cancelled", endedAt: now() }), runningRun: null };
        if (state === "running") asked.add(id);
        return { task: at(id), runningRun: state === "running" ? run : null };
      }).then((answer) => {
        if (answer.task.state === "cancelled") tell([answer.task]);
        return answer;
      }),
    breakers: () => call("breakers", () => [...breakers.values()]),
    ends: () => call("ends", () => [...counted]),
    keepBreakers: (_epoch, kept) =>
      call("keepBreakers", () => {
        for (const one of kept) breakers.set(`${one.project}/${one.agent}`, one);
      }),
    onSettled: (listener) => {
      tell = listener;
    },
  };
  return {
    // What the desk does not call is left out.
    door: door as TaskDoor,
    records,
    attempts,
    async ingest(events) {
      tell(await call("ingest", () => settle(attemptEndsOf(events))));
    },
  };
}

function waitingOf(record: TaskRecord): WaitingTask {
  const { id, project, agent, priority, complexity, deadlineAt } = record;
  return { id, project, agent, priority, complexity, deadlineAt, readyAt: record.readyAt ?? 0 };
}

function recordOf(row: SubmitRow, id: string, now: number): TaskRecord {
  const { project, agent, payload, complexity, deadlineAt, after, maxAttempts } = row;
  return {
    id,
    project,
    agent,
    state: "ready",
    reason: null,
    payload,
    result: null,
    priority: row.priorityUsed,
    complexity,
    deadlineAt,
    tags: [row.idempotencyKey ?? ""],
    after,
    attempts: 0,
    maxAttempts,
    submittedAt: now,
    readyAt: now,
    notBefore: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    run: null,
  };
}
