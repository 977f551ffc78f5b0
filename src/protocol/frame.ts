/** What daemon and runner say to each other over control.sock: newline-delimited JSON frames of at most 1 MiB. */
import type { AgentStatus } from "../model/agent.ts";
import type { RunnerConfig } from "../model/desired.ts";
import type { CgroupSample } from "../model/observed.ts";
import type { JournalEvent } from "../model/run.ts";

export const PROTOCOL_VERSION = 1;
/** The daemon speaks the current version and the one before. */
export const SPOKEN_VERSIONS: readonly number[] = [1];
export const MAX_FRAME_BYTES = 1_048_576;

/** Daemon to runner. Frames with an `id` are answered by exactly one `reply` with that id. */
export type DaemonFrame =
  | Readonly<{
      kind: "hello";
      versions: readonly number[];
      epoch: number;
      install: string;
      project: string;
    }>
  /** Send journal events after this sequence number, and go on sending. */
  | Readonly<{ kind: "resume"; after: number }>
  /** Postgres has everything up to and including `seq`. */
  | Readonly<{ kind: "ack"; seq: number; epoch: number }>
  | Readonly<{ kind: "configure"; id: number; epoch: number; config: RunnerConfig }>
  /** Values by name, base64; added to those that other frames brought. Kept in tmpfs only. */
  | Readonly<{
      kind: "secrets";
      id: number;
      epoch: number;
      values: Readonly<Record<string, string>>;
    }>
  /** A marker group and identity for a command the daemon will exec through the engine. */
  | Readonly<{ kind: "exec-open"; id: number; epoch: number; agent: string | null }>
  /** Kill everything that bears the marker. */
  | Readonly<{ kind: "exec-close"; id: number; epoch: number; marker: number }>
  /** How long the container was frozen: deadlines shift by it. */
  | Readonly<{ kind: "thawed"; id: number; epoch: number; frozenMs: number }>
  /** Start one process of a worker agent for one attempt. Idempotent by `run`: a run that is known is not started again. */
  | Readonly<{
      kind: "run-task";
      id: number;
      epoch: number;
      run: string;
      task: string;
      attempt: number;
      agent: string;
      payload: unknown;
      timeoutMs: number;
    }>
  /** Stop that run's whole tree (grace, then force); its `exited` says cause `cancel`. Unknown or ended runs are success. */
  | Readonly<{ kind: "cancel-run"; id: number; epoch: number; run: string }>
  /** What a person answered. Idempotent by `run` and `question`: unknown, answered or withdrawn ones are success. */
  | Readonly<{
      kind: "answer";
      id: number;
      epoch: number;
      run: string;
      question: string;
      text: string;
    }>
  | Readonly<{ kind: "ping"; id: number }>;

export interface ExecTicket {
  readonly marker: number;
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runner to daemon. */
export type RunnerFrame =
  | Readonly<{
      kind: "welcome";
      version: number;
      bootId: string;
      /** The highest epoch the runner has obeyed. */
      epoch: number;
      runnerVersion: string;
      configHash: string | null;
      lastSeq: number;
      ackedSeq: number;
    }>
  | Readonly<{ kind: "event"; event: JournalEvent }>
  /** What a task says of itself by `berth-agent progress`; only the latest counts, so it is not journalled. */
  | Readonly<{ kind: "progress"; run: string; fraction: number; text: string }>
  /** Pushed on every change of any agent and with every sample (each 5 s). */
  | Readonly<{
      kind: "status";
      configHash: string | null;
      agents: readonly AgentStatus[];
      sample: CgroupSample | null;
      workspace: "pending" | "ready" | "failed";
      workspaceDetail: string | null;
      missingSecrets: readonly string[];
      restartSerials: Readonly<Record<string, number>>;
      /** Runs of tasks whose process lives now: what the runner does not name and has not journalled was never started. */
      taskRuns: readonly string[];
      /** The journal's last number when this was said. */
      journalSeq: number;
    }>
  | Readonly<{ kind: "reply"; id: number; ok: true; ticket: ExecTicket | null }>
  | Readonly<{ kind: "reply"; id: number; ok: false; code: string; detail: string }>
  /** The runner refuses to talk: no common version, foreign install, or an epoch below its floor. */
  | Readonly<{ kind: "refused"; code: string; detail: string; epoch: number }>;
