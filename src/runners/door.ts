/** What the rest of the program may ask of the runners and their spools. */
import type { RunnerConfig } from "../model/desired.ts";
import type { RunnerReport } from "../model/observed.ts";
import type { JournalEvent } from "../model/run.ts";
import type { ExecTicket } from "../protocol/frame.ts";

export interface OutputLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly agent: string;
  readonly replica: number;
  readonly run: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Opaque position of this line: pass it back to go on after it. */
  readonly cursor: string;
}

export interface OutputQuery {
  readonly project: string;
  readonly agent: string | null;
  /** One replica of the agent; absent means every one. */
  readonly replica?: number;
  readonly run: string | null;
  readonly since: number | null;
  readonly until: number | null;
  /** Only the last n lines of what matches; null means all. */
  readonly tail: number | null;
  /** Only the run before the current one of each agent. */
  readonly previous: boolean;
  readonly follow: boolean;
  /** Cursor of the last line already seen: goes on right after it. */
  readonly after?: string | null;
}

export interface RunnersListener {
  /** Journal events in order; resolve to the highest sequence number that is durable, which is then acknowledged. */
  onEvents(project: string, events: readonly JournalEvent[]): Promise<number>;
  onReport(report: RunnerReport): void;
  onProgress(
    project: string,
    run: string,
    progress: Readonly<{ fraction: number; text: string }>,
  ): void;
  onConnected(project: string, connected: boolean): void;
  /** It can answer again. */
  onThawed(project: string): void;
  /** A runner reported an epoch above ours: we are no longer the leader. */
  onFenced(project: string, epoch: number): void;
}

export interface RunnersDoor {
  /** Makes the project's spool directory (root, 0700) and writes the first configuration, atomically. */
  prepareSpool(project: string, config: RunnerConfig): Promise<void>;
  /** Detaches and deletes; already gone is success. */
  removeSpool(project: string): Promise<void>;
  spoolExists(project: string): Promise<boolean>;
  /** Keeps a connection to this project's runner, reconnecting with backoff; idempotent. `after` is the last durable journal sequence number. */
  attach(project: string, after: number): void;
  detach(project: string): void;
  report(project: string): RunnerReport | null;
  connected(project: string): boolean;
  configure(project: string, config: RunnerConfig): Promise<void>;
  /** Values by name, base64; the runner has them all when it resolves, and keeps those it is not given. */
  secrets(project: string, values: Readonly<Record<string, string>>): Promise<void>;
  execOpen(project: string, agent: string | null): Promise<ExecTicket>;
  /** The argv that becomes the command under this ticket, to be exec'd by the engine as root. */
  execArgv(
    ticket: ExecTicket,
    command: Readonly<{ argv: readonly string[]; environment: Readonly<Record<string, string>> }>,
  ): readonly string[];
  execClose(project: string, marker: number): Promise<void>;
  /** Hands an attempt to the runner; resolves when it has it (idempotent by run). */
  runTask(
    project: string,
    request: Readonly<{
      run: string;
      task: string;
      attempt: number;
      agent: string;
      payload: unknown;
      timeoutMs: number;
    }>,
  ): Promise<void>;
  cancelRun(project: string, run: string): Promise<void>;
  /** Hands a person's answer to the run that asked; resolves when the runner has it or knows that nobody waits for it. */
  answer(
    project: string,
    answer: Readonly<{ run: string; question: string; text: string }>,
  ): Promise<void>;
  thawed(project: string, frozenMs: number): Promise<void>;
  /** Journal events after `after` read straight from the spool: for a runner that is gone. */
  readJournal(project: string, after: number): Promise<readonly JournalEvent[]>;
  /**
   * Output lines in time order over all runs of the project, from the spool: works without a container. `isOver` tells
   * whether a run's end is recorded: one that printed nothing left no trace here, and a follow of it ends by that.
   */
  output(
    query: OutputQuery,
    signal: AbortSignal,
    isOver?: (run: string) => Promise<boolean>,
  ): AsyncIterable<OutputLine>;
  /** Deletes output of ended runs older than `beforeMs`; returns bytes freed. */
  prune(project: string, beforeMs: number): Promise<number>;
  /**
   * A frozen container's runner answers nothing: no deadline runs and no request is sent until it is false again. `asOf`
   * (milliseconds since the epoch): what was seen then; a look that is older than the last change says nothing.
   */
  setFrozen(project: string, frozen: boolean, asOf?: number): void;
  frozen(project: string): boolean;
  setEpoch(epoch: number): void;
  close(): Promise<void>;
}
