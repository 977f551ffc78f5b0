/** `berth why TASK|RUN`: how it ended and what was known of it, also when its container is gone. */
import { counted } from "../../base/count.ts";
import { withoutControls } from "../../base/controls.ts";
import type { ApiWhy } from "../../schema/api-task.ts";
import type { Context, Given } from "../context.ts";
import { sizeText, spanText, timeText } from "../format.ts";
import { printOne } from "../output.ts";
import { decisionLines, exitText, pairLines } from "../task-text.ts";
import type { Verb } from "../verb.ts";

/** Steps of the memory curve, and its width on a line. */
const BARS = "▁▂▃▄▅▆▇█";
const CURVE = 40;

export const why: Verb = {
  output: "formats",
  examples: ["berth why TASK", "berth why RUN --json"],
  define: (command) =>
    command
      .description(
        "Tell why a task or a run ended as it did: exit, signal, memory, last output, notes and decisions.",
      )
      .argument("<task-or-run>", "an id of berth task list or berth describe"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [subject = ""] = given.args;
  const found = await (await context.client()).why(subject);
  await printOne(context, found, { name: subject, text: () => textOf(found, context) });
  return 0;
}

function textOf(found: ApiWhy, context: Context): string {
  const { style } = context;
  return [
    style.bold(withoutControls(found.text)),
    ...factsOf(found),
    ...section(
      "Notes",
      found.notes.map(({ at, text }) => `  ${style.dim(timeText(at))} ${withoutControls(text)}`),
    ),
    ...section(
      "Last output",
      found.lastLines.map(({ stream, text }) =>
        stream === "stderr"
          ? `  ${style.yellow(withoutControls(text))}`
          : `  ${withoutControls(text)}`,
      ),
    ),
    ...section("Decisions", decisionLines(found.decisions, style)),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines];
}

function factsOf(found: ApiWhy): readonly string[] {
  const { startedAt, endedAt, oom, oomKills, memory } = found;
  const took = startedAt === null || endedAt === null ? "" : `, ${spanText(endedAt - startedAt)}`;
  const kills =
    oomKills === null || oomKills === 0
      ? ""
      : ` (${counted(oomKills, "OOM kill")} in its container meanwhile)`;
  return pairLines([
    ...(found.task === null ? [] : [["Task", found.task] as const]),
    ...(found.run === null ? [] : [["Run", found.run] as const]),
    ["Agent", `${found.project}/${found.agent}`],
    ["Outcome", found.outcome],
    ...(startedAt === null ? [] : [["Started", timeText(startedAt) + took] as const]),
    ["Exit", `${exitText(found)}${oom ? ", out of memory" : ""}${kills}`],
    ...(memory.length === 0 ? [] : [["Memory", curveText(found)] as const]),
  ]);
}

/** `▁▂▅█ at most 128MiB of 128MiB`; samples that share a column show their highest. */
function curveText({ memory, memoryLimitBytes }: ApiWhy): string {
  const most = Math.max(...memory.map(({ bytes }) => bytes));
  const top = Math.max(memoryLimitBytes ?? most, 1);
  const width = Math.min(CURVE, memory.length);
  const columns = Array.from({ length: width }, (_, at) => {
    const from = Math.floor((at * memory.length) / width);
    const to = Math.max(from + 1, Math.floor(((at + 1) * memory.length) / width));
    return Math.max(...memory.slice(from, to).map(({ bytes }) => bytes));
  });
  const bar = (bytes: number): string =>
    BARS[Math.min(BARS.length - 1, Math.floor((bytes / top) * BARS.length))] ?? "";
  const limit = memoryLimitBytes === null ? "" : ` of ${sizeText(memoryLimitBytes)}`;
  return `${columns.map(bar).join("")} at most ${sizeText(most)}${limit}`;
}
