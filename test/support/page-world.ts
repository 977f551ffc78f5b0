/** A made-up world that shows every state the page can draw, and one of a hundred projects. */
import type { EventRecord } from "../../src/model/event.ts";
import type { HealthWord, ProjectView } from "../../src/model/view.ts";
import type { ApiTask } from "../../src/schema/api-task.ts";
import { anEvent, aProject, aRun, fakeDaemon, type FakeDaemon, READY } from "./fake-daemon.ts";
import { agentSpec, declarationOf, projectSpec } from "./declarations.ts";
import { aDoneTask, aSummary, aTask, QUEUE } from "./fake-tasks.ts";

const [agent] = aProject("x").agents;
if (agent === undefined) throw new Error("the sample project has an agent");

function agents(count: number, changes: Partial<typeof agent> = {}): ProjectView["agents"] {
  return Array.from({ length: count }, (_, at) => ({
    ...(agent as NonNullable<typeof agent>),
    agent: at % 2 === 0 ? "server" : "watcher",
    replica: Math.floor(at / 2),
    startedAt: Date.now() - 3_600_000 * (at + 1),
    rssBytes: 50_000_000 * (at + 1),
    ...changes,
  }));
}

function project(
  name: string,
  health: HealthWord,
  changes: Partial<ProjectView> = {},
): ProjectView {
  return aProject(name, {
    health,
    phaseSince: Date.now() - 7_200_000,
    agents: agents(2),
    ...changes,
  });
}

const ended = { code: 1, signal: null, oom: false, at: Date.now() - 20_000 };

function everyState(): readonly ProjectView[] {
  return [
    project("web", "healthy"),
    project("a-project-with-a-rather-long-name-00", "healthy", {
      agents: agents(4, { restarts: 12 }),
    }),
    project("flaky", "crash-loop", {
      agents: agents(1, {
        state: "crash-loop",
        restarts: 5,
        pid: null,
        reason: "5 failures within 10m",
        lastExit: ended,
      }),
      reasons: ["server#0 crash-loop: 5 failures within 10m"],
    }),
    project("reports", "frozen", { phase: "paused", wanted: "frozen" }),
    project("nightly", "stopped", {
      phase: "completed",
      wanted: "completed",
      agents: [],
      containerId: null,
    }),
    project("big", "waiting", {
      phase: "activating",
      agents: [],
      containerId: null,
      reasons: ["waiting: capacity (needs 512 MiB, 100 MiB free)"],
    }),
    project("train", "healthy", {
      usage: { memoryBytes: 520_000_000, cpuMs: 1e6, cpuPercent: 148, pids: 240, oomKills: 2 },
    }),
    project("broken", "failed", {
      agents: [],
      reasons: ["docker.image-missing: no image registry.example.org/team/thing:latest"],
      fault: { code: "docker.image-missing", detail: "no image", at: Date.now() },
    }),
    project("lost", "unknown", {
      reasons: ["its runner has not been heard for 17 s"],
      heardAgoMs: 17_000,
    }),
  ];
}

const KINDS = [
  "container.started",
  "agent.exited",
  "drift.found",
  "project.paused",
  "mode.entered",
];

function happened(names: readonly string[]): readonly EventRecord[] {
  return names.flatMap((name, at) =>
    KINDS.map((kind, nth) =>
      anEvent(at * KINDS.length + nth + 1, {
        at: Date.now() - 600_000 + (at * KINDS.length + nth) * 1_000,
        project: name,
        kind,
        cause: nth === 2 ? "external" : "daemon",
        message: `${kind.replace(".", " ")}: something of ${name} happened, with \u001b[31mcolour\u001b[0m and a reason that takes some room`,
      }),
    ),
  );
}

const OPEN: Partial<ApiTask> = { project: "web", agent: "coder", submittedAt: Date.now() - 90_000 };
const TASKS: readonly ApiTask[] = [
  aTask("101", {
    ...OPEN,
    state: "running",
    attempts: 1,
    run: "r-1",
    startedAt: Date.now() - 30_000,
    progress: { fraction: 0.4, text: "reading the diff" },
  }),
  aDoneTask("102", { ...OPEN, startedAt: Date.now() - 80_000, endedAt: Date.now() - 76_800 }),
  aDoneTask("103", {
    ...OPEN,
    state: "dead",
    attempts: 3,
    exitCode: 7,
    result: null,
    reason: "attempt 3 of 3 failed: exit code 7",
  }),
  aTask("104", {
    ...OPEN,
    state: "pending",
    attempts: 1,
    notBefore: Date.now() + 60_000,
    reason: "attempt 1 of 3 failed: exit code 1",
  }),
  aTask("105", { ...OPEN, tags: ["night", "review"], after: ["102"] }),
];

/** Each second brings a sample, so that charts have something to draw. */
function moving(still: ProjectView): ProjectView {
  const second = Math.floor(Date.now() / 1_000);
  const cpuPercent = still.usage.cpuPercent ?? 0;
  return {
    ...still,
    usage: { ...still.usage, cpuMs: second, cpuPercent: cpuPercent * (1 + (second % 3) / 10) },
  };
}

/** Follows nothing: what is shown stays as it is. */
async function* nothing(signal: AbortSignal): AsyncGenerator<EventRecord> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  yield* [];
}

export function pageWorld(projects = everyState()): FakeDaemon {
  const names = projects.map(({ name }) => name);
  const events = happened(names);
  const worker = agentSpec("coder", {
    replicas: 0,
    task: { min: 0, max: 3, timeoutMs: 1_800_000, retries: { max: 2, backoffMs: 5000 } },
  });
  const specs = names.map((name) =>
    projectSpec(name, {
      agents: { server: agentSpec("server"), ...(name === "web" ? { coder: worker } : {}) },
    }),
  );
  const daemon = fakeDaemon({
    ready: () => ({
      ...READY,
      dependencies: READY.dependencies.map((each) => ({ ...each, since: Date.now() - 86_400_000 })),
      modes: [
        {
          name: "redis-gone",
          since: Date.now() - 125_000,
          detail: "redis.timeout: no answer within 1 s",
        },
      ],
    }),
    host: () => ({
      cpus: 8,
      memoryBytes: 16 * 2 ** 30,
      budgetBytes: 14 * 2 ** 30,
      reservedBytes: 9 * 2 ** 30,
      projects: names.length,
      agents: names.length * 2,
      generation: 3,
    }),
    config: async () => ({ generation: 3, declaration: declarationOf(...specs) }),
    queue: async (_project, limit) => ({ ...QUEUE, items: QUEUE.items.slice(0, limit) }),
    events: async ({ project: of, limit }) =>
      events
        .filter((event) => of === null || event.project === of)
        .toReversed()
        .slice(0, limit),
    follow: (_query, signal) => nothing(signal),
    runs: async () => [
      aRun("r-1", { startedAt: Date.now() - 60_000 }),
      aRun("r-2", {
        startedAt: Date.now() - 90_000,
        endedAt: Date.now() - 62_000,
        outcome: "failed",
        exitCode: 1,
      }),
      aRun("r-3", {
        startedAt: Date.now() - 190_000,
        endedAt: Date.now() - 92_000,
        outcome: "killed",
        signal: "SIGKILL",
        oom: true,
      }),
    ],
    tasks: async ({ states }) =>
      TASKS.filter(({ state }) => states.length === 0 || states.includes(state)).map((task) =>
        aSummary(task.id, task),
      ),
    task: async (id) => TASKS.find((task) => task.id === id) ?? aTask(id),
  });
  daemon.world = projects;
  daemon.projects = () => daemon.world.map(moving);
  return daemon;
}

/** As many as one machine is meant to carry: 100 projects, five agents each. */
export function hundredProjects(): readonly ProjectView[] {
  return Array.from({ length: 100 }, (_, at) =>
    project(`project-${String(at).padStart(3, "0")}`, at % 10 === 3 ? "unhealthy" : "healthy", {
      agents: agents(5),
      usage: { memoryBytes: 1e8 + at * 1e6, cpuMs: at, cpuPercent: at / 2, pids: 9, oomKills: 0 },
    }),
  );
}
