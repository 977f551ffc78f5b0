/** `berth queue`: what waits for a slot, what binds it, and when it probably starts. */
import type { Queue } from "../../client/tasks.ts";
import type { Context, Given } from "../context.ts";
import { countOf } from "../duration.ts";
import { spanText } from "../format.ts";
import { printList } from "../output.ts";
import { projectOf } from "../target.ts";
import type { Column } from "../table.ts";
import { estimateText } from "../task-text.ts";
import type { Verb } from "../verb.ts";

const SHOWN = 50;

export const queue: Verb = {
  output: "formats",
  examples: ["berth queue", "berth queue web -n 5", "berth queue --json"],
  define: (command) =>
    command
      .description("Show the tasks that wait for a slot, first in line first.")
      .argument("[project]")
      .option("-n, --limit <count>", `how many (default ${SHOWN}, at most 1000)`),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [word] = given.args;
  const wanted = Math.min(1000, countOf(given, "limit") ?? SHOWN);
  const client = await context.client();
  const found = await client.queue({
    ...(word === undefined ? {} : { project: projectOf(word) }),
    limit: Math.max(1, wanted),
  });
  // A name that is not there is a mistake, which the daemon words; of a removed project tasks may still wait.
  if (word !== undefined && found.items.length === 0) await client.project(projectOf(word));
  await printList(context, found.items.slice(0, wanted), {
    columns: queueColumns(),
    name: (row) => row.task,
    asked: wanted,
    empty: "nothing waits for a slot",
  });
  await context.print.note(poolText(found));
  return 0;
}

/** `2 of 16 slots taken, 3 tasks wait (weighted-round-robin)`. */
export function poolText({ taken, slots, waiting, strategy }: Queue): string {
  const wait = waiting === 1 ? "1 task waits" : `${waiting} tasks wait`;
  return `${taken} of ${slots} slots taken, ${wait} (${strategy})`;
}

/** Columns of tasks that wait. */
export function queueColumns(): readonly Column<Queue["items"][number]>[] {
  return [
    { title: "#", cell: (row) => String(row.position), right: true },
    { title: "TASK", cell: (row) => row.task },
    { title: "AGENT", cell: (row) => `${row.project}/${row.agent}` },
    { title: "PRIORITY", cell: (row) => String(row.priority), right: true },
    { title: "WAITS", cell: (row) => spanText(row.waitingMs), right: true },
    { title: "STARTS IN", cell: (row) => estimateText(row.estimateMs, row.errorMs), right: true },
    { title: "FOR", cell: (row) => row.constraint },
  ];
}
