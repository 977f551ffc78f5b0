/** Short processes: `true` as tasks of two projects, beside a shell in each of the same containers that does nothing but fork it. */
import { Client } from "pg";
import { post } from "../support/post.ts";
import { type Stack, eventually } from "../support/stack.ts";
import { type CpuParts, cpuMeter, inContainers, perThing } from "./cpu-parts.ts";
import { median } from "./numbers.ts";
import type { Row } from "./report.ts";

const GOAL = 0.6;
/** Submissions a request. */
const AT_ONCE = 500;
const DEADLINE_MS = 180_000;

/** fork, exec, wait, again: dash does nothing in between but count. */
const forkLoop = (count: number): string =>
  `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done`;

interface Counted {
  readonly status: number;
  readonly body: string;
}

export async function shortRows(
  stack: Stack,
  projects: readonly string[],
  { count, rounds }: Readonly<{ count: number; rounds: number }>,
): Promise<Row[]> {
  const meter = await cpuMeter(stack, projects);
  const ours: number[] = [];
  const loops: number[] = [];
  const parts: CpuParts[] = [];
  const loopParts: CpuParts[] = [];
  const all = projects.length * count;
  for (let round = 0; round < rounds; round += 1) {
    const start = meter.read();
    loops.push(await loopRate(stack, projects, count));
    const middle = meter.read();
    ours.push(await taskRate(stack, projects, count));
    loopParts.push(perThing(start, middle, all));
    parts.push(perThing(middle, meter.read(), all));
  }
  const [tasks, bare] = [median(ours), median(loops)];
  const ratio = tasks / bare;
  return [
    {
      bench: "task-short",
      what: `\`true\` ${count} times in each of ${projects.length} projects at once, from the first submission to the last recorded end`,
      unit: "tasks/s",
      ours: tasks,
      samples: ours,
      against: [{ name: "shell loop in the same containers", value: bare, samples: loops }],
      goal: `≥ ${GOAL} × the loop (is ${ratio.toFixed(2)})`,
      met: ratio >= GOAL,
      note: "the loop: /bin/sh in every container at once, fork, exec of /bin/true and wait, one after the other",
    },
    cpuRow(parts, loopParts.map(inContainers)),
  ];
}

/** Where the time goes, and so how far the rate can go: both cores are busy with this while tasks wait. */
function cpuRow(parts: readonly CpuParts[], loop: readonly number[]): Row {
  const wholes = parts.map((each) => inContainers(each) + each.daemon + each.postgres);
  const [whole, bare] = [median(wholes), median(loop)];
  const of = (part: keyof CpuParts): string => median(parts.map((each) => each[part])).toFixed(2);
  return {
    bench: "task-short",
    what: "CPU of one such task, all parts together",
    unit: "ms",
    ours: whole,
    samples: wholes,
    against: [{ name: "one turn of the loop", value: bare, samples: loop }],
    goal: `≤ the loop / ${GOAL} (is ${(whole / bare).toFixed(1)} ×)`,
    met: whole <= bare / GOAL,
    note: `the processes themselves ${of("processes")}, launcher ${of("launcher")}, runner ${of("runner")}, daemon ${of("daemon")}, Postgres ${of("postgres")}`,
  };
}

async function loopRate(stack: Stack, projects: readonly string[], count: number): Promise<number> {
  const loop = (project: string, times: number): Promise<string> =>
    stack.docker("exec", `berth-${stack.install}-${project}`, "/bin/sh", "-c", forkLoop(times));
  // What the exec itself takes is no part of the loop.
  const emptyFrom = performance.now();
  await Promise.all(projects.map((project) => loop(project, 0)));
  const emptyMs = performance.now() - emptyFrom;
  const from = performance.now();
  await Promise.all(projects.map((project) => loop(project, count)));
  return (projects.length * count * 1_000) / (performance.now() - from - emptyMs);
}

async function taskRate(stack: Stack, projects: readonly string[], count: number): Promise<number> {
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  const open = async (): Promise<number> => {
    const { rows } = await client.query<{ n: number }>(
      "select count(*)::int as n from task where state in ('pending', 'ready', 'running')",
    );
    return rows[0]?.n ?? 0;
  };
  try {
    const from = performance.now();
    await Promise.all(projects.map((project) => submitAll(stack, project, count)));
    // Acknowledged, so each is recorded: none is open once all have ended.
    await eventually(
      "all tasks have ended",
      async () => ((await open()) === 0 ? true : undefined),
      DEADLINE_MS,
    );
    return (projects.length * count * 1_000) / (performance.now() - from);
  } finally {
    await client.end();
  }
}

async function submitAll(stack: Stack, project: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - from);
    const items = Array.from({ length: size }, () => ({ project, agent: "short", payload: {} }));
    const { status, body }: Counted = await post(stack.socket, "/api/v1/tasks", {
      body: { items },
    });
    if (status >= 300) throw new Error(`${status} ${body}`);
  }
}
