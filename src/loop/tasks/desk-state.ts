/** What the desk remembers and what its parts may ask of each other. */
import { BerthError, causeChain } from "../../base/errors.ts";
import type { JournalEvent } from "../../model/run.ts";
import type { RunnerReport } from "../../model/observed.ts";
import type { SettledTask, TaskRecord, WaitingTask } from "../../model/task.ts";
import type { PoolState } from "../../plan/pool/pool.ts";
import type { StrategyMemory } from "../../plan/pool/strategy.ts";
import type { Asker, NewEvent } from "../../postgres/door.ts";
import type { Claimed, SubmitRow } from "../../postgres/task-door.ts";
import type { Session } from "../session.ts";
import type { Measures } from "./measures.ts";
import type { Promotion } from "./promotion.ts";

/** An attempt that holds a slot. */
export interface HeldRun extends Omit<Claimed, "payload" | "attempt" | "timeoutMs"> {
  /** What to hand over again after a reconnect; null once the runner has it. */
  unhanded: Claimed | null;
  /** It was offered to its runner and no answer came, by us or a predecessor: it may have begun, whatever a later answer says. */
  unsure: boolean;
  /** Its runner refused it although it may have begun: what the journal tells decides. */
  refused: boolean;
  /** It is being taken back in the records, or that was not answered: the next comparison tells. */
  withdrawn: boolean;
  /** How long its task waited for the slot; null: taken over. */
  readonly waitedMs: number | null;
  cancelling: boolean;
  /** What it last said of itself. */
  progress: Progress | null;
  readonly startedAt: number;
  /** The runner's word that it began is recorded. */
  begun: boolean;
}

export interface Desk {
  readonly session: Session;
  readonly pool: PoolState;
  /** By run id. */
  readonly runs: Map<string, HeldRun>;
  /** Runs that are being offered to their runners, or taken back: one thing at a time. */
  readonly handing: Set<string>;
  readonly measures: Measures;
  readonly promotion: Promotion;
  /** By project with attempts: since when its runner is not heard, in time this process lived through (ms). */
  readonly silentSince: Map<string, number>;
  memory: StrategyMemory;
  /** Asks for an allocation round; many asks become one. */
  dispatch(): void;
  /** Puts a task that waits for a slot where the allocator sees it. */
  enqueue(task: WaitingTask): void;
  confirmHanded(run: string): Promise<boolean>;
  /** An answer of the database was lost or may have been: what is remembered is soon compared with what is recorded. */
  doubt(): void;
  /** Compares and mends, if there is doubt; not while a claim is under way. */
  mend(): Promise<void>;
}

/** A slot's lease; renewed at a third of it. */
export const LEASE_MS = 60_000;
export interface OpenDesk extends Desk {
  submit(row: SubmitRow, by: Asker): Promise<SubmitAnswer>;
  settled(records: readonly SettledTask[]): void;
  connected(project: string): void;
  /** The project is gone. */
  forget(project: string): void;
  reported(report: RunnerReport): void;
  progressed(run: string, progress: Progress): void;
  /** Events that have to be recorded with these of a runner's journal, since they come before them. */
  recording(project: string, events: readonly JournalEvent[]): readonly NewEvent[];
  /** These are recorded. */
  recorded(events: readonly JournalEvent[]): void;
  close(): void;
}

export interface Progress {
  /** 0..1. */
  readonly fraction: number;
  readonly text: string;
}

export type SubmitAnswer =
  | Readonly<{ ok: true; task: TaskRecord; fresh: boolean }>
  | Readonly<{ ok: false; code: string; detail: string }>;

export function waitingOf(task: TaskRecord): WaitingTask {
  const { id, project, agent, priority, complexity, deadlineAt } = task;
  return {
    id,
    project,
    agent,
    priority,
    complexity,
    deadlineAt,
    readyAt: task.readyAt ?? task.submittedAt,
  };
}

/** Tells of a failure at the database, which may have done what was asked all the same. */
export function troubled(what: string, error: unknown, session: Session): void {
  session.desk?.doubt();
  if (error instanceof BerthError && error.code === "postgres.epoch-stale")
    session.fenced(error.message);
  else if (!session.signal.aborted)
    session.log.warn({ what, chain: causeChain(error) }, "task desk trouble");
}
