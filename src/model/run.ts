/** A run: one process of one agent from start to its single terminal record; and the journal events that tell of it. */

export type RunOutcome = "succeeded" | "failed" | "killed" | "stopped" | "lost";

export interface RunRecord {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly replica: number;
  readonly bootId: string;
  readonly epoch: number;
  readonly generation: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Null while running. Exactly one terminal value is ever written. */
  readonly outcome: RunOutcome | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oom: boolean;
  readonly reason: string | null;
}

/** Memory of a run's container over time: [ms since the run's start, bytes], oldest first. */
export type MemoryCurve = readonly (readonly [number, number])[];

/** Points of a curve at most: what one line of text can show. */
export const CURVE_POINTS = 60;

export interface RunWithMemory extends RunRecord {
  /** Null: not told, as by a runner that died with it. */
  readonly memory: MemoryCurve | null;
}

/** Why a process ended, as far as the runner decided it. */
export type ExitCause =
  | "self"
  | "stop"
  | "restart"
  | "unhealthy"
  | "config"
  | "shutdown"
  | "cancel"
  | "timeout";

export type JournalBody =
  | Readonly<{ kind: "boot"; epoch: number; configHash: string | null }>
  | Readonly<{
      kind: "started";
      run: string;
      agent: string;
      replica: number;
      pid: number;
      generation: number;
      task?: string;
      /** Milliseconds since the epoch, where it began before its runner could write this. */
      startedAt?: number;
    }>
  | Readonly<{ kind: "ready"; run: string; agent: string; replica: number }>
  | Readonly<{ kind: "unhealthy"; run: string; agent: string; replica: number; reason: string }>
  | Readonly<{
      kind: "exited";
      run: string;
      agent: string;
      replica: number;
      code: number | null;
      signal: string | null;
      oom: boolean;
      cause: ExitCause;
      /** Descendants that were still alive and were killed. */
      survivors: number;
      durationMs: number;
      /** At most CURVE_POINTS; absent from runners of an earlier version. */
      memory?: MemoryCurve;
      /** What a task wrote to $BERTH_RESULT_FD, parsed; absent when it wrote nothing. */
      result?: unknown;
      /** Why what it wrote is no result (not JSON, over 256 KiB). */
      resultFault?: string;
    }>
  /** The process could not even be started (command missing, not executable, uid 0). A run that never ran. */
  | Readonly<{
      kind: "start-failed";
      run: string;
      agent: string;
      replica: number;
      reason: string;
      generation: number;
    }>
  /** Found unfinished at boot: the container died under it. */
  | Readonly<{
      kind: "lost";
      run: string;
      agent: string;
      replica: number;
      reason: string;
      /** In which boot it was begun, and when (ms since the epoch): its start may never have been told. */
      begun?: Readonly<{ boot: string; at: number }>;
    }>
  /** The cgroup's OOM counter rose by `count`; no main process of ours is known to be the victim. */
  | Readonly<{ kind: "oom"; count: number }>
  | Readonly<{ kind: "dropped"; run: string; bytes: number }>
  | Readonly<{ kind: "crash-loop"; agent: string; replica: number; failures: number }>
  | Readonly<{ kind: "workspace"; ready: boolean; detail: string | null }>
  /** `berth-agent note`. */
  | Readonly<{ kind: "note"; run: string; text: string }>
  /** `berth-agent ask`: `question` is the key its run knows it by. */
  | Readonly<{
      kind: "asked";
      run: string;
      agent: string;
      replica: number;
      task?: string;
      question: string;
      text: string;
      choices: readonly string[];
      waits: boolean;
    }>
  /** The run has the answer. */
  | Readonly<{ kind: "answered"; run: string; agent: string; replica: number; question: string }>
  /** Its asker took it back; a run that ends withdraws all of its questions without a word. */
  | Readonly<{
      kind: "withdrawn";
      run: string;
      agent: string;
      replica: number;
      question: string;
      reason: string;
    }>;

/** One line of a runner's journal. `seq` rises by one per project spool, for ever. */
export type JournalEvent = Readonly<{ seq: number; at: number; boot: string }> & JournalBody;
