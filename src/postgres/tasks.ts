/** The part of the Postgres door that keeps tasks: `PostgresDoor.tasks`. */
import type { Session } from "./session.ts";
import type { TaskDoor } from "./task-door.ts";
import { promote } from "./task-promote.ts";
import {
  readAttempts,
  readCounts,
  readOpen,
  readTask,
  readTasks,
  readWaiting,
} from "./task-read.ts";
import {
  keepBreakers,
  readBreakers,
  readDecisions,
  readEnds,
  readLastEnds,
} from "./task-reasons.ts";
import { settleIn } from "./task-settle.ts";
import type { Settled } from "./task-settle.ts";
import { claim, handed, readRunning, renew, unclaim } from "./task-slots.ts";
import { cancel, retry, setPriority } from "./task-steer.ts";
import { repeated, submit } from "./task-submit.ts";

export function openTasks(session: Session, settled: Settled): TaskDoor {
  return {
    submit: (epoch, rows, by) => submit(session, { epoch, rows, by }),
    repeated: (request) => repeated(session, request),
    waiting: () => readWaiting(session),
    open: () => readOpen(session),
    running: () => readRunning(session),
    claim: (epoch, poolSize, claims) => claim(session, { epoch, poolSize, claims }),
    handed: (epoch, runs) => handed(session, epoch, runs),
    unclaim: (epoch, runs) => unclaim(session, epoch, runs),
    renew: (epoch, runs, leaseMs) => renew(session, { epoch, runs, leaseMs }),
    settle: async (epoch, ends) => {
      if (ends.length === 0) return [];
      const tasks = await session.write({ operation: "settle tasks", epoch }, (tx) =>
        settleIn(
          tx,
          ends.map((end) => ({ ...end, startedAt: null, endedAt: null })),
          null,
        ),
      );
      settled.tell(tasks);
      return tasks;
    },
    promote: (epoch, now, held = []) => promote(session, epoch, { now, held }),
    cancel: (epoch, task, by) => cancel(session, { epoch, task, by }, settled),
    retry: (epoch, task, by) => retry(session, { epoch, task, by }),
    setPriority: (...[epoch, task, priority, by]) =>
      setPriority(session, { epoch, task, priority, by }),
    get: (task) => readTask(session, task),
    list: (query) => readTasks(session, query),
    attempts: (task) => readAttempts(session, task),
    counts: () => readCounts(session),
    ends: (limit) => readEnds(session, limit),
    lastEnds: (agents) => readLastEnds(session, agents),
    decisions: (of, limit) => readDecisions(session, of, limit),
    breakers: () => readBreakers(session),
    keepBreakers: (epoch, breakers) => keepBreakers(session, epoch, breakers),
    onSettled: (listener) => settled.listen(listener),
  };
}
