/** A leading daemon with a desk, as far as readers of tasks and projects look at one; records in memory. */
import type { Desk } from "../../src/loop/tasks/desk-state.ts";
import { newMeasures } from "../../src/loop/tasks/measures.ts";
import type { DaemonState } from "../../src/loop/state.ts";
import type { EventRecord } from "../../src/model/event.ts";
import type { RunWithMemory } from "../../src/model/run.ts";
import type { AuditView } from "../../src/model/access.ts";
import type { ProjectSpec } from "../../src/model/project.ts";
import type { TaskRecord, TaskRequest } from "../../src/model/task.ts";
import { PoolState } from "../../src/plan/pool/pool.ts";
import { NO_MEMORY } from "../../src/plan/pool/strategy.ts";
import type { ProjectRow } from "../../src/postgres/door.ts";
import { type DeskRunners, deskSession } from "./desk-session.ts";
import { readyReport } from "./runner-report.ts";

export interface DeskStateParts {
  readonly projects: readonly ProjectSpec[];
  readonly now: number;
  /** Each is known under its id as its key. */
  readonly tasks?: readonly TaskRecord[];
  readonly audit?: readonly AuditView[];
  readonly runs?: readonly RunWithMemory[];
  readonly events?: readonly EventRecord[];
  readonly runners?: Partial<DeskRunners>;
}

export interface DeskState {
  readonly state: DaemonState;
  readonly desk: Desk;
  /** What an operator or a pass would change of one project's row. */
  readonly change: (project: string, row: Partial<ProjectRow>) => void;
}

export function deskState(parts: DeskStateParts): DeskState {
  const { tasks = [], audit = [], runs = [], events = [] } = parts;
  const postgres = {
    tasks: {
      get: async (id: string) => tasks.find((task) => task.id === id) ?? null,
      decisions: async () => [],
      repeated: async ({ idempotencyKey }: TaskRequest) => {
        const task = tasks.find(({ id }) => id === idempotencyKey);
        return task === undefined ? null : { ok: true, task, fresh: false };
      },
    },
    events: async () => events,
    run: async (id: string) => runs.find((run) => run.id === id) ?? null,
    audit: async ({ project, action }: { project: string | null; action?: string }) =>
      audit.filter((one) => one.project === project && one.action === (action ?? one.action)),
  };
  const session = deskSession({
    tasks: postgres.tasks as never,
    runners: {
      connected: () => true,
      report: (project) => readyReport(project),
      runTask: async () => undefined,
      cancelRun: async () => undefined,
      ...parts.runners,
    },
    epoch: 1,
    slots: 4,
    projects: parts.projects,
    now: () => parts.now,
  });
  Object.assign(session.doors.postgres, postgres);
  Object.assign(session.doors.runners, { output: () => [] });
  const desk = {
    session,
    pool: new PoolState(),
    measures: newMeasures(() => undefined),
    memory: NO_MEMORY,
    runs: new Map(),
  };
  const relist = { latest: () => null };
  Object.assign(session, { desk, relist, inspections: { known: () => null }, questions: null });
  const state = {
    session,
    postgres,
    modes: session.modes,
    cpuPercent: new Map(),
    now: session.now,
    borrowed: [],
  };
  return {
    // Readers look at no more of them than this.
    state: state as unknown as DaemonState,
    desk: desk as unknown as Desk,
    change(project, row) {
      const before = session.world.records.get(project);
      if (before !== undefined) session.world.records.set(project, { ...before, ...row });
    },
  };
}
