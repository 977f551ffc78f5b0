/** `berth gc`: removes what is ours and no longer needed. */
import { confirm } from "../confirm.ts";
import type { Context, Given } from "../context.ts";
import { printOne } from "../output.ts";
import type { Verb } from "../verb.ts";

export const gc: Verb = {
  output: "formats",
  examples: ["berth gc --dry-run", "berth gc -y"],
  define: (command) =>
    command
      .description(
        "Remove containers, networks, runner volumes and output that no project needs. Workspaces are never removed.",
      )
      .option("-n, --dry-run", "only say what would be removed")
      .option(
        "-y, --yes",
        "do not ask; also lifts the guard against removing most of what there is",
      ),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const dryRun = given.flag("dryRun");
  if (!dryRun) await confirm(context, given, "Remove what no project needs?");
  const garbage = await (await context.client()).gc({ dryRun, force: given.flag("yes") });
  const verb = garbage.dryRun ? "would remove" : "removed";
  const lines = [
    ...garbage.removed.map((object) => `${verb} ${object}`),
    ...garbage.kept.map((kept) => `kept ${kept.object}: ${kept.why}`),
  ];
  const text = (): string => (lines.length === 0 ? "nothing to remove" : lines.join("\n"));
  await printOne(context, garbage, { name: garbage.removed.join("\n"), text });
  return 0;
}
