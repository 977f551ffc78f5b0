/** What the API may ask of the running daemon; the loop implements it, `main` hands it over. */
import type { Problem } from "../declare/problem.ts";
import type { Bundle } from "../model/bundle.ts";
import type { EventRecord } from "../model/event.ts";
import type { Wanted } from "../model/lifecycle.ts";
import type { Declaration } from "../model/project.ts";
import type { QuestionRecord } from "../model/question.ts";
import type { RunRecord } from "../model/run.ts";
import type {
  ApplyView,
  DoctorCheck,
  GarbageView,
  HostView,
  PlanView,
  ProjectPlan,
  ProjectView,
  ReadyView,
  RemovedView,
} from "../model/view.ts";
import type { ExecSession } from "../docker/door.ts";
import type { Asker, GenerationRow, KeyedAsker } from "../postgres/door.ts";
import type { EventQuery } from "../postgres/events.ts";
import type { RunQuery } from "../postgres/runs.ts";
import type { OutputLine, OutputQuery } from "../runners/door.ts";
import type { QuestionDaemon } from "./question-daemon.ts";
import type { LogDaemon } from "./log-daemon.ts";
import type { OnceDaemon } from "./once.ts";
import type { TaskDaemon } from "./task-daemon.ts";
import type { UsageDaemon } from "./usage-daemon.ts";
import type { TokenDaemon } from "./token-daemon.ts";

export interface ApplyOptions {
  readonly bundle: Bundle;
  readonly prune: boolean;
  /** From a plan: refuse (75) unless generation and rendered steps are still these. */
  readonly expected: Readonly<{ generation: number; fingerprint: string }> | null;
  /** `apply --adopt`: also lifts the `mass-orphans` guard. */
  readonly adopt: boolean;
  readonly idempotencyKey: string | null;
  readonly by: Asker;
}

/** The configuration file's bundle, interpolated, or what is wrong with it. */
export interface RereadFiles {
  readonly bundle: Bundle;
  readonly problems: readonly Problem[];
}

/** What is asked of one project, by whom; under one key it counts once. */
export interface ProjectAsk {
  readonly project: string;
  readonly by: Asker;
  readonly idempotencyKey: string | null;
}

export interface DescribeView {
  readonly project: ProjectView;
  /** What its container has from its creation and would have otherwise by now, each a sentence: no faults. */
  readonly notes: readonly string[];
  readonly runs: readonly RunRecord[];
  readonly events: readonly EventRecord[];
  /** Open ones, oldest first. */
  readonly questions: readonly QuestionRecord[];
  /** Effective declaration leaf by leaf, with where each value came from. */
  readonly origins: readonly Readonly<{ path: string; value: string; origin: string }>[];
}

export interface ExecOptions {
  readonly project: string;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly root: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly by: Asker;
}

/** All throw BerthError. Writes on a standby are conflict `loop.not-leader`; without Postgres transient `postgres.unreachable`. */
export interface Daemon
  extends TaskDaemon, QuestionDaemon, TokenDaemon, UsageDaemon, LogDaemon, OnceDaemon {
  ready(): ReadyView;
  host(): HostView;
  /** Parses again, never changes anything; problems come as BerthError declaration with `problems` in the problem document. */
  plan(bundle: Bundle, prune: boolean): Promise<PlanView>;
  /** What is yet to be done for one project, to bring it to what was accepted; changes nothing. */
  pending(project: string): Promise<ProjectPlan>;
  apply(options: ApplyOptions): Promise<ApplyView>;
  /** Applies what the configuration file says now; a refusal is an event and the mode `declaration-refused`. */
  reread(read: () => Promise<RereadFiles>): Promise<ApplyView>;
  projects(): readonly ProjectView[];
  project(name: string): ProjectView;
  describe(name: string): Promise<DescribeView>;
  setWanted(
    request: ProjectAsk & Readonly<{ wanted: Wanted; removeVolumes: boolean }>,
  ): Promise<ProjectView>;
  /** Resolves when the project is gone and says what was freed. */
  remove(request: ProjectAsk & Readonly<{ removeVolumes: boolean }>): Promise<RemovedView>;
  restart(request: ProjectAsk & Readonly<{ agent: string | null }>): Promise<ProjectView>;
  agent(
    request: ProjectAsk &
      Readonly<{ agent: string; change: "start" | "stop" | Readonly<{ replicas: number }> }>,
  ): Promise<ProjectView>;
  /** Deactivates every project (of one source, or all). */
  down(request: Readonly<{ source: string | null; by: KeyedAsker }>): Promise<readonly string[]>;
  runs(query: RunQuery): Promise<readonly RunRecord[]>;
  /** One run by its id. */
  run(id: string): Promise<RunRecord>;
  /** Its project, known from the moment a task is handed over, before the run's start is recorded. */
  runOwner(id: string): Promise<string>;
  output(query: OutputQuery, signal: AbortSignal): AsyncIterable<OutputLine>;
  exec(options: ExecOptions): Promise<Readonly<{ session: ExecSession; close(): Promise<void> }>>;
  events(query: EventQuery): Promise<readonly EventRecord[]>;
  /** Live events from `after` on, without a gap, until aborted. */
  follow(
    query: Readonly<{ after: number | null; project: string | null }>,
    signal: AbortSignal,
  ): AsyncIterable<EventRecord>;
  config(): Promise<Readonly<{ generation: number; declaration: Declaration | null }>>;
  /** Newest first; those before a generation, or from the newest on. */
  history(limit: number, before?: number | null): Promise<readonly GenerationRow[]>;
  generation(generation: number): Promise<Readonly<{ row: GenerationRow; bundle: Bundle }>>;
  /** What `rollback` to it would do. */
  planRollback(generation: number): Promise<PlanView>;
  rollback(
    request: Readonly<{ generation: number; by: Asker; idempotencyKey: string | null }>,
  ): Promise<ApplyView>;
  gc(request: Readonly<{ dryRun: boolean; force: boolean; by: Asker }>): Promise<GarbageView>;
  doctor(): Promise<readonly DoctorCheck[]>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}
