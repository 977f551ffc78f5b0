/** What the rest of the program may ask of Postgres about tasks: `PostgresDoor.tasks`. */
import type { AttemptView, TaskSpan } from "../model/task-view.ts";
import type { KeptBreaker } from "../model/breaker.ts";
import type {
  AttemptOutcome,
  SettledTask,
  TaskRecord,
  TaskRequest,
  TaskState,
  WaitingTask,
} from "../model/task.ts";
import type { Asker, KeyedAsker } from "./door.ts";

export interface SubmitRow extends TaskRequest {
  readonly priorityUsed: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
}

export interface ClaimRequest {
  readonly task: string;
  /** Identity of the attempt, made by the caller; becomes the run's id in the runner. */
  readonly run: string;
  readonly leaseMs: number;
  /** What gave the slot and its numbers: kept with the attempt. */
  readonly by?: string;
  readonly why?: Readonly<Record<string, number>>;
}

export interface Claimed {
  readonly task: string;
  readonly run: string;
  readonly attempt: number;
  readonly project: string;
  readonly agent: string;
  readonly payload: unknown;
  readonly timeoutMs: number;
}

export interface TaskQuery {
  readonly project: string | null;
  readonly agent: string | null;
  readonly states: readonly TaskState[];
  readonly tag: string | null;
  /** Id to go on after (newest first). */
  readonly after: string | null;
  readonly limit: number;
}

export interface RunningAttempt {
  readonly task: string;
  readonly run: string;
  readonly project: string;
  readonly agent: string;
  readonly startedAt: number;
  readonly leaseUntil: number;
  readonly handed: boolean;
  /** Its cancellation was accepted; its runner may not have heard of it. */
  readonly cancelAsked: boolean;
}

/** With what its latest attempt tells of it. */
export type FoundTask = TaskRecord & Readonly<{ ran: TaskSpan | null }>;

/** Without payload and result, which may be 256 KiB each. */
export type ListedTask = Omit<FoundTask, "payload" | "result">;

/** An attempt that ended, as what it says of its agent. */
export interface EndedAttempt {
  readonly task: string;
  readonly project: string;
  readonly agent: string;
  readonly outcome: AttemptOutcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Why an attempt was made, and what its end led to. */
export interface DecidedAttempt {
  readonly task: string;
  readonly attempt: number;
  readonly project: string;
  readonly agent: string;
  readonly claimedAt: number;
  /** Null: claimed before this was kept. */
  readonly givenBy: string | null;
  readonly why: Readonly<Record<string, number>> | null;
  readonly endedAt: number | null;
  readonly outcome: AttemptOutcome | null;
  /** Of the task, by this end. */
  readonly nextState: TaskState | null;
  /** Backoff before the next attempt. */
  readonly waitMs: number | null;
}

/** What keeps the ready tasks of one agent from starting, for people. */
export interface HeldBack {
  readonly project: string;
  readonly agent: string;
  readonly text: string;
}

export interface TaskCount {
  readonly project: string;
  readonly agent: string;
  readonly state: TaskState;
  readonly count: number;
}

/** Control writes carry the epoch like all others; a batch is one transaction. */
export interface TaskDoor {
  /**
   * Durable before it returns. Per row: the record, or why not (`task.dependency-unknown`, `task.dependency-cycle` is
   * impossible by construction, `postgres.idempotency-reused`); one bad row does not spoil the others.
   */
  submit(
    epoch: number,
    rows: readonly SubmitRow[],
    by: Asker,
  ): Promise<
    readonly (
      | Readonly<{ ok: true; task: TaskRecord; fresh: boolean }>
      | Readonly<{ ok: false; code: string; detail: string }>
    )[]
  >;
  /** What became of the submission under the request's key, refused when that was another one; null: none is known, or it has no key. */
  repeated(
    request: TaskRequest,
  ): Promise<
    | Readonly<{ ok: true; task: TaskRecord; fresh: boolean }>
    | Readonly<{ ok: false; code: string; detail: string }>
    | null
  >;
  /** Everything that waits for a slot, for the allocator's start; streams in bounded batches inside. */
  waiting(): Promise<readonly WaitingTask[]>;
  /** How many tasks wait for a slot and how many attempts have one. */
  open(): Promise<Readonly<{ ready: number; running: number }>>;
  /** Attempts believed running: slots taken. */
  running(): Promise<readonly RunningAttempt[]>;
  /**
   * ready → running with a slot lease, only while fewer than `poolSize` slots are leased (counted in the same transaction
   * under a lock: fifty callers never overshoot). Rows that are no longer ready are left out of the answer.
   */
  claim(
    epoch: number,
    poolSize: number,
    claims: readonly ClaimRequest[],
  ): Promise<readonly Claimed[]>;
  /** The runner confirmed that it holds the attempt (from now on only its journal, or its death, ends it). */
  handed(epoch: number, runs: readonly string[]): Promise<void>;
  /** A claim that never reached its runner goes back to `ready`, without counting as an attempt. */
  unclaim(epoch: number, runs: readonly string[]): Promise<void>;
  renew(epoch: number, runs: readonly string[], leaseMs: number): Promise<void>;
  /**
   * Ends attempts. Retries by policy (`pending` with exponential backoff and the given jitter 0..1, or `dead`), writes
   * result, releases the slot. Idempotent: an attempt that is already ended is left alone. Returns tasks with their new state.
   */
  settle(
    epoch: number,
    ends: readonly Readonly<{
      run: string;
      outcome: "succeeded" | "failed" | "cancelled" | "timed-out" | "lost";
      exitCode: number | null;
      signal: string | null;
      result: unknown;
      reason: string | null;
      jitter: number;
    }>[],
  ): Promise<readonly TaskRecord[]>;
  /**
   * pending → ready for those whose backoff is over and whose dependencies succeeded; overdue ones → timed-out, with what held them as
   * the reason (of ready ones: by `held`); those whose dependency ended badly → cancelled with the reason.
   */
  promote(
    epoch: number,
    now: number,
    held?: readonly HeldBack[],
  ): Promise<
    Readonly<{
      ready: readonly WaitingTask[];
      ended: readonly TaskRecord[];
      /** When the next one is due by time alone. */
      nextAt: number | null;
      /** Some task waits for another one: an end may make it due. */
      awaited: boolean;
    }>
  >;
  /** Cancels a waiting task; a running one is only marked (`cancel_asked`) and named in the answer for the runner. */
  cancel(
    epoch: number,
    task: string,
    by: KeyedAsker,
  ): Promise<Readonly<{ task: TaskRecord; runningRun: string | null }>>;
  /** A terminal task other than succeeded and cancelled back to `ready` with one more attempt allowed. */
  retry(epoch: number, task: string, by: KeyedAsker): Promise<TaskRecord>;
  setPriority(epoch: number, task: string, priority: number, by: KeyedAsker): Promise<TaskRecord>;
  get(task: string): Promise<FoundTask | null>;
  list(query: TaskQuery): Promise<readonly ListedTask[]>;
  /** Attempts of one task, oldest first. */
  attempts(task: string): Promise<readonly AttemptView[]>;
  /** Counts by project, agent and state. */
  counts(): Promise<readonly TaskCount[]>;
  /** The newest `limit` ends of every agent of the projects there are, oldest first; none of a removed project of the same name. */
  ends(limit: number): Promise<readonly EndedAttempt[]>;
  /** When the last attempt of each project ended that had one of these agents since it came to be. */
  lastEnds(
    agents: readonly Readonly<{ project: string; agent: string }>[],
  ): Promise<ReadonlyMap<string, number>>;
  /** Newest first: of one task, or of agents of one project since it came to be. */
  decisions(
    of: Readonly<{ task: string } | { project: string; agents: readonly string[] }>,
    limit: number,
  ): Promise<readonly DecidedAttempt[]>;
  breakers(): Promise<readonly KeptBreaker[]>;
  /** Each is written over what was there. */
  keepBreakers(epoch: number, breakers: readonly KeptBreaker[]): Promise<void>;
  /**
   * Called after the commit with tasks that ended or went back, by whatever did it: `settle`, `cancel`, `ingest`, `loseRuns`, the removal of a
   * project. Then `promote` is due: tasks that waited for them may go on.
   */
  onSettled(listener: (tasks: readonly SettledTask[]) => void): void;
}
