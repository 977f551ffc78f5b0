/** `berth plan`: what apply would do, and nothing else. */
import type { Context, Given } from "../context.ts";
import { readBundle, withDeclaration } from "../declared.ts";
import { printOne } from "../output.ts";
import { writePlanFile } from "../plan-file.ts";
import { planText } from "../plan-text.ts";
import type { Verb } from "../verb.ts";

const DIFFERENCES = 2;

export const plan: Verb = {
  output: "formats",
  examples: [
    "berth plan",
    "berth plan --detailed-exitcode",
    "berth plan --out next.plan && berth apply next.plan",
  ],
  define: (command) =>
    withDeclaration(command)
      .description("Show what apply would do, step by step with cause and impact. Changes nothing.")
      .option("--prune", "as if projects that are no longer declared were deactivated")
      .option("--detailed-exitcode", "exit 0 when there is nothing to do, 2 when there is")
      .option("--out <file>", "keep the plan for apply"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const { bundle, explained } = await readBundle(context, given);
  const prune = given.flag("prune");
  const made = await explained(async () => (await context.client()).plan({ bundle, prune }));
  const out = given.text("out");
  if (out !== null)
    await writePlanFile(context.io.cwd, out, { format: "berth-plan/1", prune, plan: made, bundle });
  const changed = made.projects
    .filter((project) => project.change !== "none")
    .map((project) => project.project);
  await printOne(context, made, {
    name: changed.join("\n"),
    text: () => planText(made, context.style),
  });
  return given.flag("detailedExitcode") && made.changes ? DIFFERENCES : 0;
}
