/** What the rest of the program may ask of Postgres, where everything accepted is recorded. */
import type { Bundle, SourceBundle } from "../model/bundle.ts";
import type { AuditView } from "../model/access.ts";
import type { AnswerDoor } from "./answer-door.ts";
import type { AuditQuery } from "./audit.ts";
import type { EventQuery } from "./events.ts";
import type { FullGeneration } from "./generations.ts";
import type { QuestionDoor } from "./question-door.ts";
import type { RetentionRequest } from "./retention.ts";
import type { RunQuery } from "./runs.ts";
import type { TaskDoor } from "./task-door.ts";
import type { UsageDoor } from "./usage.ts";
import type { TokenDoor } from "./token-door.ts";
import type { Phase, Wanted } from "../model/lifecycle.ts";
import type { Declaration } from "../model/project.ts";
import type { ProjectRecord } from "../model/project-record.ts";
import type { EventRecord } from "../model/event.ts";
import type { JournalEvent, RunRecord, RunWithMemory } from "../model/run.ts";
import type { Rest } from "../model/idle.ts";

export interface InstallRow {
  readonly install: string;
  readonly installUid: string;
  readonly epoch: number;
  readonly holder: string | null;
}

export interface Asker {
  /** `local` for a socket caller, `config` for BERTH_CONFIG/SIGHUP, `daemon`. */
  readonly who: string;
  /** What the caller says its OS user is: a claim. */
  readonly claim: string | null;
  readonly reason: string | null;
}

/** Who asks, and under which idempotency key. */
export interface KeyedAsker extends Asker {
  readonly idempotencyKey?: string | null;
}

export interface GenerationRow {
  readonly generation: number;
  readonly at: number;
  readonly source: string;
  readonly by: Asker;
  /** The generation this one rolls back to. */
  readonly rollbackOf: number | null;
  readonly projects: readonly string[];
}

/** One project as recorded: what is declared, what is wanted, where it is. */
export interface ProjectRow extends ProjectRecord {
  /** The declaring source (host file), for `apply --prune`. */
  readonly source: string;
  /** False once the accepted set stopped naming it and it was pruned. */
  readonly declared: boolean;
  readonly phaseSince: number;
  /** When it was first declared, or again after its removal; 0 for one older than this record. Later than all that a predecessor of its name did. */
  readonly bornAt: number;
  /** Highest durable journal sequence number of this project's runner. */
  readonly journalSeq: number;
}

export interface AcceptRequest {
  readonly epoch: number;
  readonly source: string;
  readonly bundle: Bundle;
  readonly declaration: Declaration;
  /** Also deactivate projects of the same source that the declaration no longer names. */
  readonly prune: boolean;
  /** Refuse (conflict `postgres.generation-moved`) unless this is the current generation; null = any. */
  readonly expectedGeneration: number | null;
  readonly by: Asker;
  /** Not null: the declaration is the whole accepted set as of then; `sources` says by project where it is declared, if not by `source`. */
  readonly rollbackOf: number | null;
  readonly sources?: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
}

export interface AcceptResult {
  readonly generation: number;
  /** False when an identical declaration was already current: nothing was written. */
  readonly changed: boolean;
  /** Still recorded, same source, no longer named, not pruned. */
  readonly unnamed: readonly string[];
  readonly pruned: readonly string[];
}

export interface IntentRequest {
  readonly epoch: number;
  readonly project: string;
  readonly change:
    | Readonly<{ kind: "wanted"; wanted: Wanted; removeVolumes: boolean }>
    | Readonly<{ kind: "restart"; agent: string | null }>
    | Readonly<{ kind: "scale"; agent: string; replicas: number }>
    | Readonly<{ kind: "stop-agent"; agent: string }>
    | Readonly<{ kind: "start-agent"; agent: string }>;
  readonly by: Asker;
  readonly idempotencyKey: string | null;
}

export interface StepRow {
  readonly project: string;
  readonly pass: string;
  readonly step: number;
  readonly kind: string;
  readonly resource: string;
  readonly cause: string;
  readonly external: boolean;
  readonly generation: number;
}

export interface StepSettlement {
  readonly rowId: number;
  readonly outcome: "done" | "failed" | "skipped";
  readonly code: string | null;
  readonly detail: string | null;
}

export interface OpenStep extends StepRow {
  readonly rowId: number;
  readonly epoch: number;
  readonly openedAt: number;
}

export interface NewEvent {
  readonly project: string | null;
  readonly kind: string;
  readonly cause: string;
  readonly message: string;
  readonly fields: EventRecord["fields"];
  /** When it happened, in milliseconds since the epoch; absent: when it is written. */
  readonly at?: number | null;
}

/**
 * Every control write carries the epoch and changes nothing when it is stale: it throws conflict `postgres.epoch-stale`.
 * Unreachable or timed out: transient `postgres.unreachable` / `postgres.timeout`. All times are milliseconds since the epoch, database clock.
 */
export interface PostgresDoor {
  readonly tasks: TaskDoor;
  readonly usage: UsageDoor;
  readonly tokens: TokenDoor;
  readonly questions: QuestionDoor;
  readonly answers: AnswerDoor;
  /** Whether it takes writes; `postgres.read-only` when it only answers. */
  ping(): Promise<void>;
  /** The database clock, milliseconds since the epoch. */
  clock(): Promise<number>;
  migrate(): Promise<void>;
  /** Reads or creates the install row (random uid on creation). */
  install(install: string): Promise<InstallRow>;
  /**
   * epoch := 1 + max(current, floor), holder := me, and takes the session advisory lock that says "this leader lives".
   * `force` false: only when that lock is free (Redis unreachable); true: the Redis lease is ours, so the lock is not asked for.
   * Returns null when not allowed.
   */
  takeLeadership(
    request: Readonly<{ holder: string; floor: number; force: boolean }>,
  ): Promise<number | null>;
  /** The current epoch as stored. */
  epoch(): Promise<number>;
  accept(request: AcceptRequest): Promise<AcceptResult>;
  current(): Promise<Readonly<{ generation: number; declaration: Declaration | null }>>;
  generation(generation: number): Promise<FullGeneration | null>;
  generations(limit: number, before?: number | null): Promise<readonly GenerationRow[]>;
  /** The accepted set as of a generation: every source's declaration then in force, oldest first. */
  sources(generation: number): Promise<readonly SourceBundle[]>;
  projects(): Promise<readonly ProjectRow[]>;
  /** Writes the operator's wish, moves the phase by the lifecycle table, audits; returns the new row. Unknown project: `postgres.project-unknown` (rejected kind "usage"). */
  intend(request: IntentRequest): Promise<ProjectRow>;
  /**
   * Moves the phase only if it is still `from`; false when it is neither that nor `to` already. `removed` deletes the row and
   * keeps its history. `step` is what the journal says of the move, written with it.
   */
  settlePhase(
    request: Readonly<{
      epoch: number;
      project: string;
      from: Phase;
      to: Phase;
      step: StepRow;
    }>,
  ): Promise<boolean>;
  /** Allocates the lowest free /28 of the pool that overlaps none of `avoid`; idempotent per project. `postgres.pool-exhausted` is capacity. */
  allocateSubnet(
    request: Readonly<{ epoch: number; project: string; pool: string; avoid: readonly string[] }>,
  ): Promise<string>;
  releaseSubnet(request: Readonly<{ epoch: number; project: string }>): Promise<void>;
  openSteps(epoch: number, rows: readonly StepRow[]): Promise<readonly number[]>;
  settleSteps(epoch: number, settlements: readonly StepSettlement[]): Promise<void>;
  openStepsOfOthers(epoch: number): Promise<readonly OpenStep[]>;
  stepHistory(
    project: string | null,
    limit: number,
  ): Promise<
    readonly (OpenStep &
      Readonly<{ outcome: string | null; detail: string | null; settledAt: number | null }>)[]
  >;
  /** Inserts runs, terminal records and events; idempotent by (project, seq); returns the highest durable seq. */
  ingest(
    request: Readonly<{
      epoch: number;
      project: string;
      generation: number;
      events: readonly JournalEvent[];
      /** Of the daemon's own, what comes before them: of a run before its end, everything else before all. */
      told?: readonly NewEvent[];
    }>,
  ): Promise<number>;
  /** Every run of the project, or only of that boot of its runner, without a terminal record becomes `lost (reason)`; returns how many. */
  loseRuns(
    request: Readonly<{
      epoch: number;
      project: string;
      reason: string;
      boot: string | null;
    }>,
  ): Promise<number>;
  /** Boots of runners that have runs without a terminal record. */
  bootsWithOpenRuns(): Promise<readonly Readonly<{ project: string; boot: string }>[]>;
  runs(query: RunQuery): Promise<readonly RunRecord[]>;
  /** With the memory it took; null: nothing of it is kept. */
  run(id: string): Promise<RunWithMemory | null>;
  /** Its project; also of an attempt whose start is not recorded yet. */
  runOwner(id: string): Promise<string | null>;
  /** Projects the daemon froze or stopped for want of work, by name. */
  rests(): Promise<ReadonlyMap<string, Rest>>;
  /** Null: the project has woken. */
  setRest(request: Readonly<{ epoch: number; project: string; rest: Rest | null }>): Promise<void>;
  appendEvents(epoch: number, events: readonly NewEvent[]): Promise<readonly EventRecord[]>;
  events(query: EventQuery): Promise<readonly EventRecord[]>;
  /** An action that is no intent (root exec, gc): who, what, why. */
  recordAudit(
    request: Readonly<{
      epoch: number;
      by: Asker;
      action: string;
      project: string | null;
      detail: string;
    }>,
  ): Promise<void>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<readonly AuditView[]>;
  /** Deletes what is older than the stated retention; returns rows deleted by table. */
  enforceRetention(request: RetentionRequest): Promise<Readonly<Record<string, number>>>;
  onState(listener: (reachable: boolean) => void): void;
  close(): Promise<void>;
}
