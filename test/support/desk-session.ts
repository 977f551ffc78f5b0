/** A leader's session with just what the task desk asks of one: for tests and benches of the desk alone. */
import { openLog } from "../../src/report/log.ts";
import { createModes } from "../../src/loop/modes.ts";
import type { Session } from "../../src/loop/session.ts";
import { emptyWorld } from "../../src/loop/world.ts";
import type { RunnerReport } from "../../src/model/observed.ts";
import type { ProjectSpec } from "../../src/model/project.ts";
import type { IntentRequest, ProjectRow } from "../../src/postgres/door.ts";
import type { TaskDoor } from "../../src/postgres/task-door.ts";
import { HOST } from "./declarations.ts";
import { INSTALL, sampleRecord } from "./project-samples.ts";
import { readyReport } from "./runner-report.ts";

/** What the desk asks of the runners. */
export interface DeskRunners {
  connected(project: string): boolean;
  report(project: string): RunnerReport | null;
  runTask(
    project: string,
    request: Readonly<{ run: string; task: string; agent: string }>,
  ): Promise<void>;
  cancelRun(project: string, run: string): Promise<void>;
}

/** Runners that are heard and have nothing to complain of; attempts go to `runner`. */
export function heardRunner(
  runner: Readonly<{ take(request: Readonly<{ run: string; task: string }>): Promise<void> }>,
): DeskRunners {
  return {
    connected: () => true,
    report: (project) => readyReport(project),
    runTask: (_project, request) => runner.take(request),
    cancelRun: async () => undefined,
  };
}

export interface DeskParts {
  readonly tasks: TaskDoor;
  readonly runners: DeskRunners;
  readonly epoch: number;
  readonly slots: number;
  readonly projects: readonly ProjectSpec[];
  readonly now: () => number;
  readonly ended?: AbortSignal;
  /** Told what the desk wishes of projects. */
  readonly intend?: (request: IntentRequest) => void;
  /** Told how long tasks waited, in seconds. */
  readonly waited?: (project: string, seconds: number) => void;
  /** Told when the desk's epoch turns out to be stale. */
  readonly fenced?: (why: string) => void;
}

const FACTS = {
  cpus: 2,
  memoryBytes: 4 * 2 ** 30,
  version: "26.1.5",
  apiVersion: "1.45",
  cgroupVersion: 1 as const,
  liveRestore: true,
  storageDriver: "overlay2",
  dataRoot: "/var/lib/docker",
  securityOptions: [],
};

export function deskSession(parts: DeskParts): Session {
  const world = emptyWorld({ ...INSTALL, epoch: parts.epoch }, FACTS);
  world.host = { ...HOST, agents: parts.slots };
  for (const spec of parts.projects)
    world.records.set(spec.name, {
      ...sampleRecord({ spec }),
      source: "test",
      declared: true,
      phaseSince: 0,
      bornAt: 0,
      journalSeq: 0,
    });
  const intend = async (request: IntentRequest): Promise<ProjectRow | undefined> => {
    parts.intend?.(request);
    return world.records.get(request.project);
  };
  const session = {
    doors: {
      postgres: { tasks: parts.tasks, intend },
      runners: { frozen: () => false, ...parts.runners },
    },
    world,
    modes: createModes(parts.now, () => undefined),
    metrics: { taskWaited: parts.waited ?? (() => undefined), taskEnded: () => undefined },
    log: openLog("silent", {}),
    outbox: { add: () => undefined, flush: async () => true, waiting: () => 0, busy: () => false },
    signal: parts.ended ?? new AbortController().signal,
    now: parts.now,
    chance: () => 0.5,
    desk: null,
    // Nothing here rests.
    idle: { rouse: () => undefined },
    trigger: () => undefined,
    triggerHost: () => undefined,
    fenced: parts.fenced ?? (() => undefined),
    eventsWritten: () => undefined,
  };
  // The desk uses no more of a session than this; the rest of one needs an engine and Redis.
  return session as unknown as Session;
}
