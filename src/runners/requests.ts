/** Requests to one runner that wait for their reply: each by its id, each with a deadline. */
import type { ExecTicket, RunnerFrame } from "../protocol/frame.ts";
import type { Deadlines } from "./deadlines.ts";
import { busy, refusedByRunner, timedOut } from "./faults.ts";

export type Reply = Extract<RunnerFrame, { kind: "reply" }>;

/** A pool may start this many tasks of one project at once; what their bytes may take is bounded where they are sent. */
const MAX_PENDING = 512;

interface Pending {
  resolve(ticket: ExecTicket | null): void;
  reject(thrown: Error): void;
  cancel(): void;
}

export interface Requests {
  /** Gives `send` an id and resolves with the reply's ticket. */
  ask(what: string, timeoutMs: number, send: (id: number) => void): Promise<ExecTicket | null>;
  /** False when nobody waits for it any more. */
  answer(reply: Reply): boolean;
  rejectAll(why: Error): void;
}

export function createRequests(project: string, deadlines: Deadlines): Requests {
  const pending = new Map<number, Pending>();
  let lastId = 0;

  const settle = (id: number): Pending | undefined => {
    const one = pending.get(id);
    one?.cancel();
    pending.delete(id);
    return one;
  };

  return {
    ask(what, timeoutMs, send) {
      if (pending.size >= MAX_PENDING) return Promise.reject(busy(project));
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        const cancel = deadlines.start(timeoutMs, () =>
          settle(id)?.reject(timedOut(project, what, timeoutMs)),
        );
        pending.set(id, { resolve, reject, cancel });
        try {
          send(id);
        } catch (thrown) {
          settle(id);
          reject(thrown);
        }
      });
    },
    answer(reply) {
      const one = settle(reply.id);
      if (one === undefined) return false;
      if (reply.ok) one.resolve(reply.ticket);
      else one.reject(refusedByRunner(project, reply.code, reply.detail));
      return true;
    },
    rejectAll(why) {
      for (const id of pending.keys()) settle(id)?.reject(why);
    },
  };
}
