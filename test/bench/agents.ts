/** Agents of one project: how long until one that was killed runs again, and what a start through the runner costs. */
import { spawn } from "node:child_process";
import { BEATER, ONE_BEAT, untilBeat } from "./beat.ts";
import { agent, hostFile, somePool } from "./declared.ts";
import { median, percentile } from "./numbers.ts";
import type { Row } from "./report.ts";
import { bareEngine, type BareEngine } from "./rivals.ts";
import { benchStack, childrenOf, type Scale } from "./stacks.ts";
import { type Stack, eventually } from "../support/stack.ts";

const RESTART_MS = 20;
const START_MS = 5;
/** Starts measured; each takes a few milliseconds. */
const STARTS_A_SAMPLE = 10;

/** Says on its output when its first instruction ran, then fails, so that the runner starts it again at once. */
const STAMPER = ["/bin/bash", "-c", "echo $EPOCHREALTIME; exit 1"] as const;

export async function agentsBench(scale: Scale): Promise<readonly Row[]> {
  const stack = await benchStack();
  const bare = bareEngine();
  try {
    const agents = agent("beat", BEATER);
    const declared = hostFile({ pool: somePool().pool, names: ["killed"], agents });
    await stack.apply(declared);
    const execs: number[] = [];
    const restarts: number[] = [];
    const runner = await runnerOf(bare, `berth-${stack.install}-killed`);
    const reference = await execSide(bare);
    for (let sample = 0; sample < scale.samples; sample += 1) {
      const victim = await eventually("the agent's process", () => childrenOf(runner.launcher)[0]);
      restarts.push(await untilBeat(runner.folder, () => process.kill(victim, "SIGKILL")));
      execs.push(await untilBeat(reference.folder, reference.exec));
    }
    await stack.ok("remove", "killed", "--volumes", "-y");
    const starts = await startsOf(stack, scale.samples * STARTS_A_SAMPLE);
    const forks: number[] = [];
    for (let sample = 0; sample < scale.samples; sample += 1) forks.push(await forked());
    return [restartRow(restarts, execs), startRow(starts, execs, forks)];
  } finally {
    await Promise.allSettled([bare.close()]);
    await stack.close();
  }
}

/** Host pid of a container's launcher, whose children are the agents, and the host folder of its workspace. */
async function runnerOf(
  { docker }: BareEngine,
  container: string,
): Promise<Readonly<{ launcher: number; folder: string }>> {
  const { State: state, Mounts: mounts } = await docker.getContainer(container).inspect();
  const launcher = childrenOf(childrenOf(state.Pid)[0] ?? 0)[0];
  const folder = mounts.find(({ Destination: at }) => at === "/workspace")?.Source;
  if (launcher === undefined || folder === undefined) throw new Error(`${container} has no runner`);
  return { launcher, folder };
}

/** The way without a runner: the engine's exec, until its first instruction ran. */
async function execSide(
  bare: BareEngine,
): Promise<Readonly<{ folder: string; exec(): Promise<void> }>> {
  const volume = await bare.volume("exec");
  const { container } = await bare.startOne({ volume });
  const { Mounts: mounts } = await container.inspect();
  const folder = mounts.find(({ Destination: at }) => at === "/workspace")?.Source ?? "";
  return {
    folder,
    async exec() {
      const made = await container.exec({ Cmd: [...ONE_BEAT] });
      await made.start({ Detach: true });
    },
  };
}

interface RunTimes {
  readonly id: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** From the end of one run to the first instruction of the next, in ms, over `count` runs of an agent that fails at once. */
async function startsOf(stack: Stack, count: number): Promise<readonly number[]> {
  const agents = agent("stamp", STAMPER);
  const declared = hostFile({ pool: somePool().pool, names: ["stamped"], agents });
  await stack.ok("apply", "-f", stack.write("stamp.yaml", declared), "-y");
  const runs = await eventually("enough runs", async () => {
    const { body } = await stack.get("/api/v1/runs?project=stamped&limit=500");
    const { items } = JSON.parse(body) as { items: readonly RunTimes[] };
    return items.filter(({ endedAt }) => endedAt !== null).length > count ? items : undefined;
  });
  const logs = await stack.ok("logs", "stamped", "--json");
  const stamps = logs
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { run: string; text: string });
  const stampOf = new Map(stamps.map(({ run, text }) => [run, Number(text) * 1000]));
  const inOrder = runs.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return inOrder.slice(1).flatMap(({ id }, index) => {
    const before = inOrder[index]?.endedAt ?? null;
    const stamp = stampOf.get(id);
    return before === null || stamp === undefined ? [] : [stamp - before];
  });
}

function restartRow(restarts: readonly number[], execs: readonly number[]): Row {
  const ours = median(restarts);
  return {
    bench: "restart",
    what: "SIGKILL of an agent until its next process runs, backoff zero",
    unit: "ms",
    ours,
    samples: restarts,
    against: [{ name: "docker exec", value: median(execs), samples: execs }],
    goal: `≤ ${RESTART_MS} ms`,
    met: ours <= RESTART_MS,
    note: "docker exec: the engine's exec alone, until the first instruction ran",
  };
}

/** The least a Node program can do: fork the same command and wait for its first instruction. */
function forked(): Promise<number> {
  const [program, ...argv] = STAMPER;
  return new Promise((resolve, reject) => {
    const from = Date.now();
    const child = spawn(program, argv, { stdio: ["ignore", "pipe", "ignore"] });
    child.on("error", reject);
    child.stdout.once("data", (stamp: Buffer) => resolve(Number(stamp.toString()) * 1000 - from));
  });
}

function startRow(
  starts: readonly number[],
  execs: readonly number[],
  forks: readonly number[],
): Row {
  const ours = percentile(starts, 50);
  return {
    bench: "start",
    what: "start of an agent's process through the runner, p50",
    unit: "ms",
    ours,
    samples: starts,
    against: [
      { name: "docker exec", value: median(execs), samples: execs },
      { name: "a bare fork", value: median(forks), samples: forks },
    ],
    goal: `≤ ${START_MS} ms`,
    met: ours <= START_MS,
    note: "from the recorded end of one run to the first instruction of the next, bash's own start included",
  };
}
