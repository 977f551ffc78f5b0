/** `berth validate`: all problems of a declaration at once, without a daemon. */
import { counted } from "../../base/count.ts";
import type { Context, Given } from "../context.ts";
import { readDeclaration, withDeclaration } from "../declared.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";

export const validate: Verb = {
  output: "formats",
  examples: [
    "berth validate",
    "berth validate -f config/berth.yaml",
    "cat web.yaml | berth validate -f -",
  ],
  define: (command) =>
    withDeclaration(command).description("Check a declaration; nothing is sent anywhere."),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const { bundle, declaration } = await readDeclaration(context, given);
  const projects = Object.keys(declaration.projects);
  const files = Object.keys(bundle.files).length;
  const text = `valid: ${counted(projects.length, "project")} in ${counted(files, "file")}`;
  await printResult(context, { valid: true, projects, files }, { name: projects.join("\n"), text });
  return 0;
}
