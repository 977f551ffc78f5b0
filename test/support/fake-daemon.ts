/** A daemon for tests of the API and the CLI: answers from plain values, remembers what it was asked, and can be told to fail. */
import { PassThrough } from "node:stream";
import { BerthError } from "../../src/base/errors.ts";
import { aQuestion, fakeQuestions } from "./fake-questions.ts";
import { fakeTasks } from "./fake-tasks.ts";
import { fakeTokens } from "./fake-tokens.ts";
import { type AnswerStore, openOnce } from "../../src/loop/once.ts";
import type { Daemon } from "../../src/loop/daemon.ts";
import type { EventRecord } from "../../src/model/event.ts";
import type { RunRecord } from "../../src/model/run.ts";
import type { PlanView, ProjectView, ReadyView } from "../../src/model/view.ts";
import type { GenerationRow } from "../../src/postgres/door.ts";
import type { OutputLine } from "../../src/runners/door.ts";

export const NOW = 1_800_000_000_000;

export function aProject(name: string, changes: Partial<ProjectView> = {}): ProjectView {
  return {
    name,
    phase: "active",
    phaseSince: NOW - 90_000,
    wanted: "active",
    health: "healthy",
    reasons: [],
    idle: null,
    generation: 3,
    priority: 500,
    weight: 1,
    image: "debian:bookworm-slim",
    containerId: "c0ffee",
    containerState: "running",
    subnet: "10.201.0.0/28",
    egress: "none",
    limits: { nanoCpus: 1_500_000_000, memoryBytes: 536_870_912, pids: 256, cpuShares: 1024 },
    usage: { memoryBytes: 134_217_728, cpuMs: 1_000, cpuPercent: 12.5, pids: 9, oomKills: 0 },
    agents: [
      {
        agent: "coder",
        replica: 0,
        state: "running",
        reason: null,
        pid: 42,
        runId: "r-1",
        startedAt: NOW - 80_000,
        nextStartAt: null,
        restarts: 2,
        lastExit: null,
        cpuMs: 100,
        rssBytes: 1_000_000,
      },
    ],
    needsYou: { count: 0, oldest: null },
    progress: [],
    heardAgoMs: 500,
    fault: null,
    ...changes,
  };
}

export function aRun(id: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    project: "web",
    agent: "coder",
    replica: 0,
    bootId: "b-1",
    epoch: 1,
    generation: 3,
    startedAt: NOW - 80_000,
    endedAt: null,
    outcome: null,
    exitCode: null,
    signal: null,
    oom: false,
    reason: null,
    ...changes,
  };
}

export function anEvent(id: number, changes: Partial<EventRecord> = {}): EventRecord {
  return {
    id,
    at: NOW - 1_000 + id,
    project: "web",
    kind: "container.started",
    cause: "daemon",
    message: `event ${id}`,
    fields: { attempt: id },
    ...changes,
  };
}

export function aLine(at: number, text: string, changes: Partial<OutputLine> = {}): OutputLine {
  return {
    at,
    agent: "coder",
    replica: 0,
    run: "r-1",
    stream: "stdout",
    text,
    cursor: `r-1:${at}`,
    ...changes,
  };
}

export const READY: ReadyView = {
  ready: true,
  role: "leader",
  epoch: 7,
  install: "main",
  installUid: "u-1",
  version: "0.1.0",
  dependencies: [
    { name: "engine", ok: true, detail: "26.1.5", since: NOW },
    { name: "postgres", ok: true, detail: "15", since: NOW },
    { name: "redis", ok: true, detail: "7", since: NOW },
  ],
  modes: [],
};

export const PLAN: PlanView = {
  baseGeneration: 3,
  fingerprint: "f-1",
  projects: [
    {
      project: "web",
      change: "update",
      fields: [{ field: "limits.memory", from: "256MiB", to: "512MiB" }],
      steps: [
        {
          id: 1,
          after: [],
          project: "web",
          kind: "update-container",
          resource: "container:web",
          cause: "limits differ",
          impact: "live",
          changes: [{ field: "memory", from: "256MiB", to: "512MiB" }],
          interrupts: [],
          external: false,
        },
      ],
      waiting: [],
    },
  ],
  unnamed: [],
  changes: true,
};

export const GENERATION: GenerationRow = {
  generation: 3,
  at: NOW - 5_000,
  source: "/srv/berth/berth.yaml",
  by: { who: "local", claim: "ann", reason: null },
  rollbackOf: null,
  projects: ["web"],
};

export interface FakeDaemon extends Daemon {
  /** Every call as [method, first argument]. */
  readonly asked: (readonly [string, unknown])[];
  /** Projects as `projects()` shows them; tests replace them to let the world move. */
  world: readonly ProjectView[];
}

/** Everything succeeds on project `web` with agent `coder`, unless overridden. */
export function fakeDaemon(changes: Partial<Daemon> = {}): FakeDaemon {
  const asked: (readonly [string, unknown])[] = [];
  const note = <T>(method: string, argument: unknown, answer: T): T => {
    asked.push([method, argument]);
    return answer;
  };
  const find = (name: string): ProjectView => {
    const found = daemon.world.find((project) => project.name === name);
    if (found !== undefined) return found;
    throw new BerthError("usage", { code: "loop.project-missing", detail: `no project ${name}` });
  };
  const applied = {
    generation: 4,
    changed: true,
    unnamed: [],
    pruned: [],
    changedProjects: ["web"],
    deferred: [],
    projects: ["web"],
  };
  const daemon: FakeDaemon = {
    asked,
    world: [aProject("web")],
    ready: () => READY,
    host: () => ({
      cpus: 2,
      memoryBytes: 4e9,
      budgetBytes: 3e9,
      reservedBytes: 5e8,
      projects: 1,
      agents: 1,
      generation: 3,
    }),
    plan: async (bundle, prune) => note("plan", { bundle, prune }, PLAN),
    pending: async (name) => {
      const [part] = PLAN.projects;
      if (part === undefined) throw new Error("the sample plan has a project");
      return { ...part, project: find(name).name };
    },
    reread: async () => applied,
    apply: async (options) => note("apply", options, applied),
    projects: () => daemon.world,
    project: find,
    describe: async (name) => ({
      project: find(name),
      notes: ["image node:26 means another one by now"],
      runs: [aRun("r-1")],
      events: [anEvent(1)],
      questions: [aQuestion("7")],
      origins: [{ path: "limits.memory", value: "512MiB", origin: "projects/web.yaml:4:11" }],
    }),
    setWanted: async (request) => note("setWanted", request, find(request.project)),
    remove: async (request) =>
      note("remove", request, {
        project: request.project,
        freed: ["container berth-main-web"],
        kept: ["volume web"],
      }),
    restart: async (request) => note("restart", request, find(request.project)),
    agent: async (request) => note("agent", request, find(request.project)),
    down: async (request) => note("down", request, ["web"]),
    runs: async (query) => note("runs", query, [aRun("r-1")]),
    run: async (id) => {
      if (id === "r-1") return aRun(id);
      throw new BerthError("usage", { code: "loop.run-unknown", detail: `no run ${id}` });
    },
    runOwner: async (id) => (await daemon.run(id)).project,
    output: (query) => lines(note("output", query, [aLine(NOW, "hello"), aLine(NOW + 1, "world")])),
    exec: async (options) => note("exec", options, echoSession()),
    events: async (query) => note("events", query, [anEvent(1), anEvent(2)].slice(0, query.limit)),
    follow: (query) => lines(note("follow", query, [anEvent(2)])),
    config: async () => ({ generation: 3, declaration: null }),
    history: async () => [GENERATION],
    generation: async (generation) =>
      note("generation", generation, {
        row: GENERATION,
        bundle: {
          entry: "berth.yaml",
          files: { "berth.yaml": "" },
          base: "/srv/berth",
          overlays: [],
        },
      }),
    planRollback: async (generation) => note("planRollback", generation, PLAN),
    rollback: async (request) => note("rollback", request, applied),
    gc: async (request) =>
      note("gc", request, {
        removed: ["container berth-main-old"],
        kept: [],
        dryRun: request.dryRun,
      }),
    doctor: async () => [
      { name: "engine", verdict: "ok", detail: "26.1.5", mend: null },
      { name: "clock", verdict: "warn", detail: "3 s off", mend: "start an NTP client" },
    ],
    ...fakeTasks(note),
    ...fakeTokens(note),
    logLevel: () => ({ level: "info" }),
    setLogLevel: async ({ level }) => ({ level }),
    usage: async ({ project, from, to, stepMs }) => ({
      project: project ?? "",
      from: from ?? NOW - 3_600_000,
      to: to ?? NOW,
      stepMs: stepMs ?? 10_000,
      slotSeconds: 10,
      items: [],
    }),
    ...fakeQuestions(note),
    ...openOnce(memoryAnswers()),
    metrics: async () =>
      "# HELP berth_leader Whether this daemon leads.\n# TYPE berth_leader gauge\nberth_leader 1\n",
    ...changes,
  };
  return daemon;
}

/** Answers kept as Postgres keeps them. */
function memoryAnswers(): AnswerStore {
  const kept = new Map<string, Awaited<ReturnType<AnswerStore["read"]>>>();
  return {
    read: async (key) => kept.get(key) ?? null,
    keep: async (key, answer) => void kept.set(key, answer),
  };
}

export async function* lines<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** A session that answers what it is sent, says `err` on stderr, and ends with 7 when stdin ends. */
export function echoSession(
  sizes: (readonly [number, number])[] = [],
): Awaited<ReturnType<Daemon["exec"]>> {
  const stream = new PassThrough();
  const stderr = new PassThrough();
  stderr.end("err");
  return {
    session: {
      stream,
      stdout: stream,
      stderr,
      async resize(columns, rows) {
        sizes.push([columns, rows]);
      },
      exitCode: () => new Promise((resolve) => stream.once("end", () => resolve(7))),
    },
    close: async () => {
      stream.destroy();
    },
  };
}

/** Live events a test causes: `happen` sends one to everybody who follows. */
export function liveEvents(): { follow: Daemon["follow"]; happen: () => void } {
  const wakes = new Set<() => void>();
  return {
    async *follow(_query, signal) {
      for (let id = 1; !signal.aborted; id += 1) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wakes.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
        await promise;
        wakes.delete(resolve);
        if (!signal.aborted) yield anEvent(id);
      }
    },
    happen: () => {
      for (const wake of wakes) wake();
    },
  };
}
