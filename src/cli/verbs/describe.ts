/** `berth describe PROJECT`: what it is, how it is, its agents, last runs and events, and where its settings come from. */
import { withoutControls } from "../../base/controls.ts";
import { counted } from "../../base/count.ts";
import { clip } from "../clip.ts";
import type { Project } from "../../client/client.ts";
import type { Description } from "../../schema/api-project.ts";
import type { Context, Given } from "../context.ts";
import { ageText, percentText, sizeText, timeText } from "../format.ts";
import { printOne } from "../output.ts";
import type { Style } from "../style.ts";
import { type Column, tableLines } from "../table.ts";
import type { Verb } from "../verb.ts";
import { healthPaint, restartsOf } from "./ps.ts";

/** Runs and events shown to people; `-o json` has all that the daemon sends. */
const SHOWN = 10;

export const describe: Verb = {
  output: "formats",
  examples: ["berth describe web", "berth describe web -o yaml"],
  define: (command) =>
    command.description("Tell everything about one project.").argument("<project>"),
  run: tell,
};

async function tell(context: Context, given: Given): Promise<number> {
  const [name = ""] = given.args;
  const description = await (await context.client()).describe(name);
  await printOne(context, description, { name, text: () => textOf(description, context) });
  return 0;
}

function textOf(description: Description, context: Context): string {
  const { project } = description;
  const sections = [
    [...factsOf(project, context), ...description.notes.map((note) => fact(...told("Note", note)))],
    section("Agents", agentColumns(context), project.agents),
    section("Asks you", questionColumns(context), description.questions),
    section("Last runs", runColumns(context), description.runs.slice(0, SHOWN)),
    section("Last events", eventColumns(context), description.events.slice(0, SHOWN)),
    section("Declared", ORIGIN_COLUMNS, description.origins),
  ];
  return sections.flatMap((lines) => (lines.length === 0 ? [] : [lines.join("\n")])).join("\n\n");
}

function factsOf(project: Project, { io, style }: Context): readonly string[] {
  const { limits, usage } = project;
  const pairs: readonly (readonly [string, string])[] = [
    ["Project", style.bold(project.name)],
    [
      "Phase",
      `${project.phase} for ${ageText(io.now() - project.phaseSince)} (wanted: ${project.wanted})`,
    ],
    ["Health", healthPaint(project, style)(project.health)],
    ...(project.idle === null
      ? []
      : [
          [
            "Idle",
            `${project.idle.kind}, without work since ${timeText(project.idle.since)} (${ageText(io.now() - project.idle.since)})`,
          ] as const,
        ]),
    ...project.reasons.map((reason) => told("Reason", reason)),
    ...(project.fault === null ? [] : [["Fault", faultOf(project.fault, style)] as const]),
    ["Image", project.image],
    [
      "Container",
      `${project.containerId?.slice(0, 12) ?? "none"} ${project.containerState ?? ""}`.trimEnd(),
    ],
    ["Network", `${project.subnet ?? "no subnet"}, egress ${project.egress}`],
    [
      "Memory",
      `${sizeText(usage.memoryBytes)} of ${sizeText(limits.memoryBytes)}, ${counted(usage.oomKills, "OOM kill")}`,
    ],
    [
      "CPU",
      `${percentText(usage.cpuPercent)} of ${limits.nanoCpus / 1e9} CPUs, weight ${project.weight}`,
    ],
    ["Processes", `${usage.pids ?? "?"} of ${limits.pids}`],
    ["Restarts", String(restartsOf(project))],
    ["Priority", String(project.priority)],
    ["Generation", String(project.generation)],
    ["Heard", project.heardAgoMs === null ? "never" : `${ageText(project.heardAgoMs)} ago`],
  ];
  return pairs.map(([key, value]) => fact(key, value));
}

function fact(key: string, value: string): string {
  return `${`${key}:`.padEnd(12)}${value}`;
}

function faultOf({ detail, code }: NonNullable<Project["fault"]>, style: Style): string {
  return style.red(`${withoutControls(detail)} (${code})`);
}

/** What agents, images and engines say of themselves. */
function told(key: string, text: string): readonly [string, string] {
  return [key, withoutControls(text)];
}

function section<T>(
  title: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
): readonly string[] {
  if (rows.length === 0) return [];
  return [`${title}:`, ...tableLines(columns, rows, null).map((line) => `  ${line}`)];
}

function agentColumns({ io }: Context): readonly Column<Project["agents"][number]>[] {
  return [
    { title: "AGENT", cell: (agent) => `${agent.agent}#${agent.replica}` },
    { title: "STATE", cell: (agent) => agent.state },
    { title: "PID", cell: (agent) => String(agent.pid ?? "-"), right: true },
    {
      title: "AGE",
      cell: (agent) => (agent.startedAt === null ? "-" : ageText(io.now() - agent.startedAt)),
      right: true,
    },
    { title: "RESTARTS", cell: (agent) => String(agent.restarts), right: true },
    { title: "MEMORY", cell: (agent) => sizeText(agent.rssBytes), right: true },
    {
      title: "LAST EXIT",
      cell: (agent) => (agent.lastExit === null ? "-" : exitText(agent.lastExit)),
    },
    { title: "REASON", cell: (agent) => agent.reason ?? "" },
  ];
}

function questionColumns({ io }: Context): readonly Column<Description["questions"][number]>[] {
  return [
    { title: "ID", cell: (question) => question.id },
    { title: "AGENT", cell: (question) => `${question.agent}#${question.replica}` },
    { title: "TASK", cell: (question) => question.task ?? "-" },
    { title: "AGE", cell: (question) => ageText(io.now() - question.askedAt), right: true },
    { title: "CHOICES", cell: (question) => question.choices.join(", ") || "-" },
    { title: "QUESTION", cell: (question) => clip(question.text) },
  ];
}

function exitText(
  exit: Readonly<{ code: number | null; signal: string | null; oom: boolean }>,
): string {
  const how = exit.signal ?? (exit.code === null ? "unknown" : `code ${exit.code}`);
  return exit.oom ? `${how} (out of memory)` : how;
}

function runColumns({ io }: Context): readonly Column<Description["runs"][number]>[] {
  return [
    { title: "RUN", cell: (run) => run.id },
    { title: "AGENT", cell: (run) => `${run.agent}#${run.replica}` },
    { title: "STARTED", cell: (run) => `${ageText(io.now() - run.startedAt)} ago` },
    {
      title: "LASTED",
      cell: (run) => ageText((run.endedAt ?? io.now()) - run.startedAt),
      right: true,
    },
    { title: "OUTCOME", cell: (run) => run.outcome ?? "running" },
    { title: "EXIT", cell: (run) => run.signal ?? String(run.exitCode ?? "-") },
    { title: "REASON", cell: (run) => run.reason ?? "" },
  ];
}

function eventColumns(_context: Context): readonly Column<Description["events"][number]>[] {
  return [
    { title: "AT", cell: (event) => timeText(event.at) },
    { title: "KIND", cell: (event) => event.kind },
    { title: "CAUSE", cell: (event) => event.cause },
    { title: "MESSAGE", cell: (event) => event.message },
  ];
}

const ORIGIN_COLUMNS: readonly Column<Description["origins"][number]>[] = [
  { title: "KEY", cell: (leaf) => leaf.path },
  { title: "VALUE", cell: (leaf) => clip(leaf.value) },
  { title: "FROM", cell: (leaf) => leaf.origin },
];
