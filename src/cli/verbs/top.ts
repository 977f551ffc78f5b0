/** `berth top`: the whole machine on one screen; again every second on a terminal, once otherwise. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Project } from "../../client/client.ts";
import type { Queue } from "../../client/tasks.ts";
import type { Context, Given } from "../context.ts";
import { percentText, sizeText, spanText } from "../format.ts";
import { printOne } from "../output.ts";
import { UNWRAPPED, WRAPPED } from "../progress.ts";
import { type Column, tableLines } from "../table.ts";
import type { Verb } from "../verb.ts";
import { agentsText, bannerOf, healthPaint, memoryText, tasksOf } from "./ps.ts";
import { poolText, queueColumns } from "./queue.ts";

const REFRESH_MS = 1_000;
/** First in line that are shown; more than fit a screen are cut. */
const WAITING = 20;
/** The other screen, without a cursor, and with lines cut: wrapped ones would push the first ones out. And back. */
const ENTER = `\u001B[?1049h\u001B[?25l${UNWRAPPED}`;
const LEAVE = `${WRAPPED}\u001B[?25h\u001B[?1049l`;
const HOME = "\u001B[H";
const CLEAR_REST = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

export const top: Verb = {
  output: "formats",
  examples: ["berth top", "berth top | cat", "berth top --json"],
  define: (command) =>
    command.description(
      "Watch projects, workers and the queue; on a terminal until Ctrl-C, otherwise once.",
    ),
  run,
};

async function run(context: Context, _given: Given): Promise<number> {
  const client = await context.client();
  const live = context.format === "table" && context.io.stdout.isTTY === true;
  if (live) return watch(context, client);
  const look = await lookAt(client);
  await printOne(context, look, { name: "host", text: () => linesOf(look, context).join("\n") });
  return 0;
}

async function watch(context: Context, client: Client): Promise<number> {
  const { print, signal, io } = context;
  await print.answer(ENTER);
  try {
    while (!signal.aborted) {
      // a daemon that is away comes back: the screen says so and looks again
      const lines = await lookAt(client).then(
        (look) => linesOf(look, context),
        (thrown: unknown) => [context.style.red(thrown instanceof Error ? thrown.message : "?")],
      );
      const screen = lines.slice(0, Math.max(1, (io.stdout.rows ?? 24) - 1));
      await print.answer(
        HOME + screen.map((line) => `${line}${CLEAR_REST}\n`).join("") + CLEAR_BELOW,
      );
      await sleep(REFRESH_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    io.stdout.write(LEAVE);
  }
  return 0;
}

interface Look {
  readonly ready: Awaited<ReturnType<Client["ready"]>>;
  readonly host: Awaited<ReturnType<Client["host"]>>;
  readonly projects: readonly Project[];
  readonly queue: Queue;
}

async function lookAt(client: Client): Promise<Look> {
  const [ready, host, projects, queue] = await Promise.all([
    client.ready(),
    client.host(),
    client.projects(),
    client.queue({ limit: WAITING }),
  ]);
  return { ready, host, projects, queue };
}

function linesOf({ ready, host, projects, queue }: Look, context: Context): readonly string[] {
  const { style, io } = context;
  const width = io.stdout.isTTY === true ? (io.stdout.columns ?? null) : null;
  const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): readonly string[] =>
    rows.length === 0 ? [] : ["", ...tableLines(columns, rows, width)];
  const used = projects.reduce((sum, project) => sum + (project.usage.memoryBytes ?? 0), 0);
  return [
    style.bold(poolText(queue)),
    `memory ${sizeText(used)} used, ${sizeText(host.reservedBytes)} promised of ${sizeText(host.budgetBytes)}; ` +
      `CPUs ${host.cpus ?? "?"}; projects ${projects.length}`,
    ...bannerOf(ready, context),
    ...table(projectColumns(context, queue), projects),
    ...table(WORKER_COLUMNS, queue.workers),
    ...table(queueColumns(), queue.items),
  ];
}

function projectColumns({ style }: Context, queue: Queue): readonly Column<Project>[] {
  const sum = (of: "running" | "waiting") => (project: Project) =>
    String(tasksOf(queue, project.name)[of]);
  return [
    { title: "PROJECT", cell: (project) => project.name },
    {
      title: "HEALTH",
      cell: (project) => project.health,
      paint: (project, text) => healthPaint(project, style)(text),
    },
    { title: "CPU", cell: (project) => percentText(project.usage.cpuPercent), right: true },
    { title: "MEM/LIMIT", cell: memoryText, right: true },
    { title: "PIDS", cell: (project) => String(project.usage.pids ?? "?"), right: true },
    { title: "AGENTS", cell: agentsText, right: true },
    { title: "TASKS", cell: sum("running"), right: true },
    { title: "WAITING", cell: sum("waiting"), right: true },
    {
      title: "HEARD",
      cell: ({ heardAgoMs }) => (heardAgoMs === null ? "never" : `${spanText(heardAgoMs)} ago`),
    },
  ];
}

const WORKER_COLUMNS: readonly Column<Queue["workers"][number]>[] = [
  { title: "WORKER", cell: (worker) => `${worker.project}/${worker.agent}` },
  { title: "RUNNING", cell: (worker) => String(worker.running), right: true },
  { title: "TARGET", cell: (worker) => String(worker.target), right: true },
  { title: "MIN..MAX", cell: (worker) => `${worker.min}..${worker.max}`, right: true },
  { title: "WAITING", cell: (worker) => String(worker.waiting), right: true },
  { title: "BREAKER", cell: (worker) => worker.breaker },
];
