/** Throughput of the queue: the real desk and a real Postgres with fsync, an executor that does nothing but say that it ran. */
import { openDesk } from "../../src/loop/tasks/desk.ts";
import type { Session } from "../../src/loop/session.ts";
import type { JournalBody } from "../../src/model/run.ts";
import { openPostgres } from "../../src/postgres/open.ts";
import { createEventFeed } from "../../src/runners/event-feed.ts";
import type { SubmitRow } from "../../src/postgres/task-door.ts";
import { agentSpec, declarationOf, projectSpec } from "../support/declarations.ts";
import { deskSession } from "../support/desk-session.ts";
import { readyReport } from "../support/runner-report.ts";
import { startPostgres } from "../support/postgres.ts";
import { submitRow } from "../support/submit-row.ts";
import { graphile } from "./graphile.ts";
import { median } from "./numbers.ts";
import type { Row } from "./report.ts";

const GOAL = 3_000;
const SLOTS = 500;
/** Submissions that wait for their acknowledgement at once. */
const IN_FLIGHT = 1_000;
const WARM_UP = 1_000;
const BY = { who: "local", claim: null, reason: null };
const PROJECTS = ["left", "right"].map((name) =>
  projectSpec(name, {
    limits: { ...projectSpec(name).limits, agents: SLOTS },
    agents: {
      coder: agentSpec("coder", {
        replicas: 0,
        task: { min: 0, max: SLOTS, timeoutMs: 60_000, retries: { max: 0, backoffMs: 0 } },
      }),
    },
  }),
);

export async function queueRows(count: number, rounds: number): Promise<readonly Row[]> {
  const server = await startPostgres({ durable: true });
  const rival = await graphile(server.url);
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    const queue = await openQueue(server.url);
    await queue.run(WARM_UP);
    await rival.throughput(WARM_UP);
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await queue.run(count));
      theirs.push(await rival.throughput(count));
    }
    await queue.close();
  } finally {
    await rival.close();
    await server.stop();
  }
  const value = median(ours);
  return [
    {
      bench: "task-queue",
      what: `${count} tasks submitted one by one by ${IN_FLIGHT} callers, claimed, started, ended: all recorded, fsync on`,
      unit: "tasks/s",
      ours: value,
      samples: ours,
      against: [{ name: "graphile-worker", value: median(theirs), samples: theirs }],
      goal: `≥ ${GOAL} tasks/s`,
      met: value >= GOAL,
      note: "the executor is a function; graphile-worker gets its jobs 500 a call, local queue of 500, 24 at once",
    },
  ];
}

interface Queue {
  /** Tasks a second, from the first submission to the last recorded end. */
  run(count: number): Promise<number>;
  close(): Promise<void>;
}

async function openQueue(url: string): Promise<Queue> {
  const postgres = openPostgres({ url, install: "bench", applicationName: "bench" });
  await postgres.migrate();
  await postgres.install("bench");
  const epoch = await postgres.takeLeadership({ holder: "bench", floor: 0, force: true });
  if (epoch === null) throw new Error("the database has another leader");
  await postgres.accept({
    epoch,
    source: "bench",
    bundle: { entry: "berth.yaml", files: { "berth.yaml": "" }, base: "/", overlays: [] },
    declaration: declarationOf(...PROJECTS),
    prune: false,
    expectedGeneration: null,
    by: BY,
    rollbackOf: null,
    idempotencyKey: null,
  });
  const ending = new AbortController();
  const executor = noopExecutor((project, events) =>
    postgres.ingest({ epoch, project, generation: 1, events }),
  );
  const session: Session = deskSession({
    tasks: postgres.tasks,
    runners: executor,
    epoch,
    slots: SLOTS,
    projects: PROJECTS,
    now: Date.now,
    ended: ending.signal,
  });
  const desk = await openDesk(session);
  session.desk = desk;
  let ended = (_count: number): void => undefined;
  postgres.tasks.onSettled((records) => {
    desk.settled(records);
    ended(records.filter(({ endedAt }) => endedAt !== null).length);
  });
  return {
    async run(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let left = count;
      ended = (more) => {
        left -= more;
        if (left <= 0) resolve();
      };
      const from = performance.now();
      await submitAll(count, async (project) => {
        const answer = await desk.submit(rowOf(project), BY);
        if (!answer.ok) throw new Error(answer.detail);
      });
      await promise;
      return (count * 1_000) / (performance.now() - from);
    },
    async close() {
      ending.abort();
      desk.close();
      executor.close();
      await postgres.close();
    },
  };
}

async function submitAll(count: number, submit: (project: string) => Promise<void>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await submit(next % 2 === 0 ? "left" : "right");
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

function rowOf(project: string): SubmitRow {
  return submitRow(0, { project, payload: {}, idempotencyKey: null, timeoutMs: 60_000 });
}

type Deliver = Parameters<typeof createEventFeed>[1]["deliver"];

/** Says of every attempt at once that it started and ended; what it says goes the way of a runner's journal. */
function noopExecutor(
  ingest: (project: string, events: Parameters<Deliver>[0]) => Promise<number>,
) {
  const feeds = new Map(
    PROJECTS.map(({ name }) => [
      name,
      createEventFeed(0, {
        deliver: (events) => ingest(name, events),
        acknowledge: () => undefined,
        onPressure: () => undefined,
        onTrouble: (thrown) => {
          throw thrown;
        },
        randomness: () => 0.5,
      }),
    ]),
  );
  const seqs = new Map<string, number>();
  const say = (project: string, body: JournalBody): void => {
    const seq = (seqs.get(project) ?? 0) + 1;
    seqs.set(project, seq);
    feeds.get(project)?.push({ seq, at: Date.now(), boot: "boot-1", ...body });
  };
  return {
    connected: () => true,
    report: (project: string) => readyReport(project),
    async runTask(
      project: string,
      { run, task, agent }: Readonly<{ run: string; task: string; agent: string }>,
    ) {
      const name = { run, agent, replica: 0 };
      say(project, { kind: "started", ...name, pid: 1, generation: 1, task });
      const how = { code: 0, signal: null, oom: false, cause: "self", survivors: 0 } as const;
      say(project, { kind: "exited", ...name, ...how, durationMs: 0 });
    },
    cancelRun: async () => undefined,
    close: () => feeds.forEach((feed) => feed.close()),
  };
}
