/** The program as the image ships it: one bundle. Measuring a checkout would measure type stripping. */
import { join } from "node:path";
import { run } from "../support/stack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Builds into dist/ and returns what node is given to run it, as in images/daemon/Dockerfile. */
export async function builtProgram(): Promise<readonly string[]> {
  const built = await run(process.execPath, [join(ROOT, "images/daemon/bundle.ts")]);
  if (built.code !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  return ["--max-semi-space-size=8", join(ROOT, "dist", "main.js")];
}
