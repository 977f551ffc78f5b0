/** `berth remove PROJECT`: frees everything it has and says what that was. */
import { confirm } from "../confirm.ts";
import type { Context, Given } from "../context.ts";
import { printEach } from "../output.ts";
import { projectOf } from "../target.ts";
import type { Verb } from "../verb.ts";

export const remove: Verb = {
  output: "formats",
  examples: ["berth remove web", "berth remove web --volumes -y"],
  define: (command) =>
    command
      .description("Stop and remove projects. Workspaces are kept unless --volumes says otherwise.")
      .argument("<project...>")
      .option("--volumes", "also delete the projects' volumes and all that is in them")
      .option("-y, --yes", "do not ask"),
  run,
};

/** All projects are looked up before the first is touched. */
async function run(context: Context, given: Given): Promise<number> {
  const names = [...new Set(given.args.map(projectOf))];
  const volumes = given.flag("volumes");
  const client = await context.client();
  for (const name of names) await client.project(name);
  const what = volumes ? "with their volumes: all data in them is lost" : "and keep their volumes";
  await confirm(context, given, `Remove ${names.join(", ")} ${what}?`);
  await printEach(context, names, async (name) => {
    const removed = await client.remove(name, volumes);
    const lines = [
      `${name} removed`,
      ...removed.freed.map((object) => `  freed ${object}`),
      ...removed.kept.map((object) => `  kept  ${object}`),
    ];
    return { value: removed, name, text: lines.join("\n") };
  });
  return 0;
}
