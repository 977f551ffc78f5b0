/** `berth ps`: projects with phase, health, agents and usage; degraded modes on stderr. */
import { withoutControls } from "../../base/controls.ts";
import type { Project, Ready } from "../../client/client.ts";
import type { Queue } from "../../client/tasks.ts";
import type { Context, Given } from "../context.ts";
import { ageText, percentText, sizeText } from "../format.ts";
import { printList } from "../output.ts";
import type { Style } from "../style.ts";
import type { Column } from "../table.ts";
import type { Verb } from "../verb.ts";

export const ps: Verb = {
  output: "formats",
  examples: ["berth ps", "berth ps -o wide", "berth ps web api --json"],
  define: (command) =>
    command.description("List projects with health and usage.").argument("[project...]"),
  run: list,
};

async function list(context: Context, given: Given): Promise<number> {
  const client = await context.client();
  const named = new Set(given.args);
  const [ready, all] = await Promise.all([client.ready(), client.projects()]);
  // a name that is not there is a mistake, which the daemon words
  for (const name of named)
    if (!all.some((project) => project.name === name)) await client.project(name);
  for (const line of bannerOf(ready, context)) await context.print.note(line);
  // a column more is no reason to fail: a standby, for one, has no queue
  const queue =
    context.format === "wide" ? await client.queue({ limit: 1 }).catch(() => null) : null;
  await printList(
    context,
    all.filter((project) => named.size === 0 || named.has(project.name)),
    {
      columns: columnsOf(context, queue),
      name: (project) => project.name,
      empty: "no projects; declare some and run berth apply",
    },
  );
  const asked = all.reduce((sum, { needsYou }) => sum + needsYou.count, 0);
  if (asked > 0 && context.format === "table")
    await context.print.note(`${asked} waiting for your answer: berth answer`);
  return 0;
}

/** One line a degraded mode. */
export function bannerOf(
  ready: Ready,
  { io, errorStyle }: Pick<Context, "io" | "errorStyle">,
): readonly string[] {
  return ready.modes.map(
    (mode) =>
      `${errorStyle.yellow(`degraded: ${mode.name}`)} for ${ageText(io.now() - mode.since)}: ${withoutControls(mode.detail)}`,
  );
}

function columnsOf({ io, style }: Context, queue: Queue | null): readonly Column<Project>[] {
  return [
    {
      title: "PROJECT",
      cell: (project) => project.name,
      paint: (_project, text) => style.bold(text),
    },
    { title: "PHASE", cell: (project) => project.phase },
    {
      title: "HEALTH",
      cell: (project) => project.health,
      paint: (project, text) => healthPaint(project, style)(text),
    },
    { title: "AGENTS", cell: agentsText, right: true },
    { title: "TASKS", cell: taskCount(queue, "running"), right: true, wide: true },
    { title: "QUEUED", cell: taskCount(queue, "waiting"), right: true, wide: true },
    { title: "CPU", cell: (project) => percentText(project.usage.cpuPercent), right: true },
    { title: "MEM/LIMIT", cell: memoryText, right: true },
    {
      title: "PIDS",
      cell: (project) => String(project.usage.pids ?? "?"),
      right: true,
      wide: true,
    },
    { title: "RESTARTS", cell: (project) => String(restartsOf(project)), right: true },
    { title: "AGE", cell: (project) => ageText(io.now() - project.phaseSince), right: true },
    { title: "IDLE", cell: (project) => idleText(project, io.now()), wide: true },
    { title: "GEN", cell: (project) => String(project.generation), right: true, wide: true },
    { title: "PRIORITY", cell: (project) => String(project.priority), right: true, wide: true },
    { title: "WEIGHT", cell: (project) => String(project.weight), right: true, wide: true },
    { title: "EGRESS", cell: (project) => project.egress, wide: true },
    { title: "SUBNET", cell: (project) => project.subnet ?? "-", wide: true },
    { title: "CONTAINER", cell: (project) => project.containerId?.slice(0, 12) ?? "-", wide: true },
    { title: "IMAGE", cell: (project) => project.image, wide: true },
    {
      title: "REASON",
      cell: reasonText,
      paint: (project, text) => (project.needsYou.count > 0 ? style.yellow(text) : text),
    },
  ];
}

function taskCount(queue: Queue | null, of: "running" | "waiting"): (project: Project) => string {
  return (project) => (queue === null ? "?" : String(tasksOf(queue, project.name)[of]));
}

/** Tasks of one project that run and that wait. */
export function tasksOf(
  queue: Queue,
  project: string,
): Readonly<{ running: number; waiting: number }> {
  const own = queue.workers.filter((worker) => worker.project === project);
  return {
    running: own.reduce((sum, worker) => sum + worker.running, 0),
    waiting: own.reduce((sum, worker) => sum + worker.waiting, 0),
  };
}

/** Colour of a health word: fine, on the way, or in need of somebody. */
export function healthPaint(project: Project, style: Style): (text: string) => string {
  switch (project.health) {
    case "healthy":
      return style.green;
    case "unhealthy":
    case "crash-loop":
    case "failed":
      return style.red;
    case "starting":
    case "waiting":
    case "unknown":
      return style.yellow;
    case "frozen":
    case "stopped":
      return style.dim;
  }
}

/** Agents that run, of all. */
export function agentsText(project: Project): string {
  const running = project.agents.filter((agent) => agent.state === "running").length;
  return `${running}/${project.agents.length}`;
}

/** Memory used, of the limit. */
export function memoryText(project: Project): string {
  return `${sizeText(project.usage.memoryBytes)}/${sizeText(project.limits.memoryBytes)}`;
}

/** `frozen 5m`: what was done to it for want of work, and how long it has been without; `-` while it is not at rest. */
export function idleText({ idle }: Project, now: number): string {
  return idle === null ? "-" : `${idle.kind} ${ageText(now - idle.since)}`;
}

/** Restarts of all its agents. */
export function restartsOf(project: Project): number {
  return project.agents.reduce((sum, agent) => sum + agent.restarts, 0);
}

/** A fault stands among the reasons; alone only where no reason was made of it yet. What waits for the reader comes first. */
function reasonText(project: Project): string {
  const reasons =
    project.reasons.length === 0 ? [project.fault?.detail ?? ""] : [...project.reasons];
  return [needsYouText(project) ?? "", ...reasons, progressText(project)]
    .filter((text) => text !== "")
    .join("; ");
}

/** `41 coder 40% reading`, of the task that has run longest, and how many more tell of themselves. */
function progressText({ progress: [first, ...others] }: Project): string {
  if (first === undefined) return "";
  const { task, agent, fraction, text } = first;
  const more = others.length === 0 ? "" : `(and ${others.length} more)`;
  return [task, agent, `${Math.round(fraction * 100)}%`, text, more]
    .filter((word) => word !== "")
    .join(" ");
}

/** `needs you (2): 12 coder asks "Deploy now?"`; null when nobody asks. */
export function needsYouText({ needsYou: { count, oldest } }: Project): string | null {
  if (oldest === null) return null;
  return `needs you (${count}): ${oldest.id} ${oldest.agent} asks "${oldest.text}"`;
}
