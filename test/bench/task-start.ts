/** One task on an idle host: from sending the submission to the first thing its process does, beside docker exec and graphile-worker. */
import { setTimeout as pause } from "node:timers/promises";
import { post } from "../support/post.ts";
import { type Stack, eventually } from "../support/stack.ts";
import { graphile } from "./graphile.ts";
import { median, percentile } from "./numbers.ts";
import type { Row } from "./report.ts";
import { bareEngine, type BareEngine } from "./rivals.ts";

const P50_MS = 8;
const P95_MS = 20;
const WARM_UP = 5;
const QUIET_MS = 25;
/** Prints nanoseconds since the epoch as its first and only deed; no shell, no runtime. */
export const STAMP = ["/bin/date", "+%s%N"] as const;

interface Shown {
  readonly id: string;
  readonly run: string | null;
  readonly endedAt: number | null;
}

interface Sample {
  readonly sentAt: number;
  readonly acknowledgedAt: number;
  readonly run: string;
}

export async function startRows(stack: Stack, project: string, count: number): Promise<Row[]> {
  const bare = bareEngine();
  const rival = await graphile(stack.postgres.url);
  try {
    const samples: Sample[] = [];
    const execs: number[] = [];
    const callbacks: number[] = [];
    const { container } = await bare.startOne();
    for (let at = 0; at < WARM_UP; at += 1) await rival.latency();
    for (let at = 0; at < count + WARM_UP; at += 1) {
      const sample = await oneTask(stack, project);
      if (at < WARM_UP) continue;
      samples.push(sample);
      if (execs.length < count / 5) execs.push(await execMs(bare, container.id));
      if (callbacks.length < count / 5) callbacks.push(await rival.latency());
    }
    const stamps = await stampsOf(stack, project);
    const stampOf = ({ run }: Sample): number => stamps.get(run) ?? Number.NaN;
    const sent = samples.map((sample) => stampOf(sample) - sample.sentAt);
    const acknowledged = samples.map((sample) => stampOf(sample) - sample.acknowledgedAt);
    return rowsOf({ sent, acknowledged, execs, callbacks });
  } finally {
    await Promise.allSettled([bare.close(), rival.close()]);
  }
}

/**
 * Submits one and waits until all is quiet again. Nobody asks the daemon anything before the process can have started: a
 * question a moment after the submission would compete with what is measured.
 */
export async function oneTask(stack: Stack, project: string): Promise<Sample> {
  const sentAt = Date.now();
  const { status, body } = await post(stack.socket, "/api/v1/tasks", {
    body: { project, agent: "coder", payload: {} },
  });
  const acknowledgedAt = Date.now();
  if (status >= 300) throw new Error(`${status} ${body}`);
  const { task } = JSON.parse(body) as { task: Shown };
  await pause(QUIET_MS);
  const { run } = await eventually("the task has ended", async () => {
    const shown = JSON.parse((await stack.get(`/api/v1/tasks/${task.id}`)).body) as Shown;
    return shown.endedAt === null ? undefined : shown;
  });
  return { sentAt, acknowledgedAt, run: run ?? "" };
}

/** What the processes printed, in ms since the epoch, by run. */
export async function stampsOf(
  stack: Stack,
  project: string,
): Promise<ReadonlyMap<string, number>> {
  const logs = await stack.ok("logs", project, "--json");
  const lines = logs
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { run: string; text: string });
  return new Map(lines.map(({ run, text }) => [run, Number(BigInt(text) / 1_000n) / 1_000]));
}

/** The engine's exec of the same command in a warm container. */
async function execMs({ docker }: BareEngine, id: string): Promise<number> {
  const sentAt = Date.now();
  const made = await docker
    .getContainer(id)
    .exec({ Cmd: [...STAMP], AttachStdout: true, Tty: true });
  const stream = await made.start({ Tty: true });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  stream.once("error", reject);
  stream.once("end", () => resolve(text));
  return Number(BigInt((await promise).trim()) / 1_000n) / 1_000 - sentAt;
}

type Times = Readonly<Record<"sent" | "acknowledged" | "execs" | "callbacks", readonly number[]>>;

function rowsOf({ sent, acknowledged, execs, callbacks }: Times): Row[] {
  const [p50, p95] = [percentile(sent, 50), percentile(sent, 95)];
  const base = {
    bench: "task-start",
    unit: "ms",
    samples: sent,
    against: [
      { name: "docker exec", value: median(execs), samples: execs },
      { name: "graphile-worker, a callback", value: median(callbacks), samples: callbacks },
    ],
  };
  const what = "from sending a submission to the clock read by its process, idle host";
  return [
    {
      ...base,
      what: `${what}, p50`,
      ours: p50,
      goal: `≤ ${P50_MS} ms`,
      met: p50 <= P50_MS,
      note: `request, durable write, slot, claim, fork and exec included; ${median(acknowledged).toFixed(1)} ms after the acknowledgement`,
    },
    {
      ...base,
      bench: "task-start-95",
      what: `${what}, p95`,
      ours: p95,
      goal: `≤ ${P95_MS} ms`,
      met: p95 <= P95_MS,
    },
  ];
}
