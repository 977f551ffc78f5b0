/** `berth down`: deactivates every project of this declaration, or of all. */
import { confirm } from "../confirm.ts";
import { type Context, type Given, usage } from "../context.ts";
import { readDeclaration, withDeclaration } from "../declared.ts";
import { durationOf } from "../duration.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";
import { waitFor } from "../wait.ts";
import { withWait } from "./lifecycle.ts";

const TIMEOUT_MS = 120_000;

export const down: Verb = {
  output: "formats",
  examples: ["berth down", "berth down --all -y"],
  define: (command) =>
    withWait(withDeclaration(command))
      .description(
        "Stop and deactivate the projects this declaration declared; nothing of theirs is deleted.",
      )
      .option("--all", "every project of the host, whatever declared it")
      .option("-y, --yes", "do not ask"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const all = given.flag("all");
  if (all && given.text("file") !== null) throw usage("--all and -f exclude each other");
  const source = all ? null : await sourceOf(context, given);
  await confirm(
    context,
    given,
    source === null ? "Deactivate every project?" : `Deactivate all projects of ${source}?`,
  );
  const client = await context.client();
  const projects = await client.down(source);
  if (given.flag("wait"))
    await waitFor(context, {
      names: projects,
      timeoutMs: durationOf(given, "timeout", TIMEOUT_MS),
    });
  const text = projects.length === 0 ? "nothing was active" : `deactivated ${projects.join(", ")}`;
  await printResult(context, { projects }, { name: projects.join("\n"), text });
  return 0;
}

/** How a declaring source is named: the entry file's absolute path. */
async function sourceOf(context: Context, given: Given): Promise<string> {
  const { bundle } = await readDeclaration(context, given);
  return `${bundle.base}/${bundle.entry}`;
}
