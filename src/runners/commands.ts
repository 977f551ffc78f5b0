/** What the daemon asks of a connected runner: each a request that the runner answers once, fenced by the epoch. */
import { execArgv } from "../protocol/entry.ts";
import type { DaemonFrame, ExecTicket } from "../protocol/frame.ts";
import type { RunnersDoor } from "./door.ts";
import { unreachable } from "./faults.ts";
import { inFrames } from "./secret-frames.ts";

export interface Fence {
  readonly id: number;
  readonly epoch: number;
}

export type Ask = (
  project: string,
  what: string,
  frame: (fence: Fence) => DaemonFrame,
) => Promise<ExecTicket | null>;

export type Commands = Pick<
  RunnersDoor,
  | "configure"
  | "secrets"
  | "execOpen"
  | "execArgv"
  | "execClose"
  | "runTask"
  | "cancelRun"
  | "answer"
  | "thawed"
>;

/** The commands, sent through `ask`. */
export function commandsThrough(ask: Ask): Commands {
  return {
    async configure(project, config) {
      await ask(project, "configure", (fence) => ({ kind: "configure", ...fence, config }));
    },
    async secrets(project, all) {
      for (const values of inFrames(all))
        await ask(project, "secrets", (fence) => ({ kind: "secrets", ...fence, values }));
    },
    async execOpen(project, agent) {
      const ticket = await ask(project, "exec-open", (fence) => ({
        kind: "exec-open",
        ...fence,
        agent,
      }));
      if (ticket === null) throw unreachable(project, "it answered exec-open without a ticket");
      return ticket;
    },
    execArgv: (ticket, { argv, environment }) =>
      execArgv({
        uid: ticket.uid,
        gid: ticket.gid,
        groups: [],
        marker: ticket.marker,
        cwd: ticket.cwd,
        environment: { ...ticket.environment, ...environment },
        argv,
      }),
    async execClose(project, marker) {
      await ask(project, "exec-close", (fence) => ({ kind: "exec-close", ...fence, marker }));
    },
    async runTask(project, request) {
      await ask(project, "run-task", (fence) => ({ kind: "run-task", ...fence, ...request }));
    },
    async cancelRun(project, run) {
      await ask(project, "cancel-run", (fence) => ({ kind: "cancel-run", ...fence, run }));
    },
    async answer(project, answer) {
      await ask(project, "answer", (fence) => ({ kind: "answer", ...fence, ...answer }));
    },
    async thawed(project, frozenMs) {
      await ask(project, "thawed", (fence) => ({ kind: "thawed", ...fence, frozenMs }));
    },
  };
}
