/** `berth audit`: who asked for what, when and why. */
import type { AuditEntry } from "../../client/tokens.ts";
import type { Context, Given } from "../context.ts";
import { countOf, momentOf } from "../duration.ts";
import { timeText } from "../format.ts";
import { printList } from "../output.ts";
import type { Verb } from "../verb.ts";

const SHOWN = 50;
const PAGE = 1000;

export const audit: Verb = {
  output: "formats",
  examples: [
    "berth audit --since 1d",
    "berth audit --project web --json",
    "berth pause web --reason 'too loud'",
  ],
  define: (command) =>
    command
      .description("List what was asked for, newest first: by whom, when and why. Kept 365 days.")
      .option("--project <project>", "only about this project")
      .option("--since <when>", "a time, or a duration back from now")
      .option("-n, --limit <count>", `how many (default ${SHOWN}, with --since all)`),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const since = momentOf(given, "since", context.io.now());
  const wanted = countOf(given, "limit") ?? (since === null ? SHOWN : Number.MAX_SAFE_INTEGER);
  const project = given.text("project");
  const client = await context.client();
  const found: AuditEntry[] = [];
  for (let cursor: string | null = ""; cursor !== null && found.length < wanted;) {
    const page = await client.audit({
      ...(project === null ? {} : { project }),
      ...(since === null ? {} : { since }),
      ...(cursor === "" ? {} : { cursor }),
      limit: Math.min(PAGE, wanted - found.length),
    });
    found.push(...page.items);
    cursor = page.next;
  }
  await printList(context, found, {
    name: (row) => String(row.id),
    asked: wanted,
    empty: "nothing was asked for",
    columns: [
      { title: "TIME", cell: (row) => timeText(row.at) },
      { title: "BY", cell: byText },
      { title: "ACTION", cell: (row) => row.action },
      { title: "PROJECT", cell: (row) => row.project ?? "" },
      { title: "REASON", cell: (row) => row.by.reason ?? "" },
      { title: "DETAIL", cell: (row) => row.detail },
    ],
  });
  return 0;
}

/** A claim is shown beside what is known. */
function byText({ by }: AuditEntry): string {
  return by.claim === null ? by.who : `${by.claim} (${by.who})`;
}
