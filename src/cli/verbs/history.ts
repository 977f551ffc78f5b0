/** `berth history`: accepted declarations, newest first. */
import type { ApiGeneration } from "../../schema/api-record.ts";
import type { Context, Given } from "../context.ts";
import { countOf } from "../duration.ts";
import { ageText } from "../format.ts";
import { printList } from "../output.ts";
import type { Verb } from "../verb.ts";

const SHOWN = 20;

export const history: Verb = {
  output: "formats",
  examples: ["berth history", "berth history -n 5 --json"],
  define: (command) =>
    command
      .description("List accepted declarations, newest first.")
      .option("-n, --limit <count>", "how many (default 20)"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const wanted = countOf(given, "limit") ?? SHOWN;
  const rows = await (await context.client()).history(Math.max(1, wanted));
  await printList(context, rows.slice(0, wanted), {
    name: (row) => String(row.generation),
    asked: wanted,
    empty: "nothing was applied yet",
    columns: [
      { title: "GENERATION", cell: (row) => String(row.generation), right: true },
      { title: "AGE", cell: (row) => ageText(context.io.now() - row.at), right: true },
      { title: "BY", cell: byText },
      { title: "PROJECTS", cell: (row) => String(row.projects.length), right: true },
      { title: "SOURCE", cell: (row) => row.source },
      { title: "NOTE", cell: (row) => noteOf(row) },
    ],
  });
  return 0;
}

function byText({ by }: ApiGeneration): string {
  return by.claim === null ? by.who : `${by.claim} (${by.who})`;
}

function noteOf(row: ApiGeneration): string {
  const rollback = row.rollbackOf === null ? [] : [`rollback to ${row.rollbackOf}`];
  return [...rollback, ...(row.by.reason === null ? [] : [row.by.reason])].join("; ");
}
