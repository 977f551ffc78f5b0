/** The program as the image ships it: one bundle with V8's code cache. Measuring a checkout would measure type stripping. */
import { join } from "node:path";
import { run } from "../support/stack.ts";

const DIST = new URL("../../dist/", import.meta.url).pathname;
const BUNDLE = new URL("../../images/daemon/bundle.ts", import.meta.url).pathname;

/** What the image sets in the environment. */
export const BUILT_ENV = { NODE_COMPILE_CACHE: join(DIST, "compiled") } as const;

/** As in images/daemon/Dockerfile, which says why. */
const V8_FLAGS = [
  "--max-semi-space-size=8",
  "--min-semi-space-size=4",
  "--heap-growing-percent=50",
] as const;

/** Builds into dist/ and returns what node is given to run it, as in images/daemon/Dockerfile. */
export async function builtProgram(): Promise<readonly string[]> {
  const built = await run(process.execPath, [BUNDLE]);
  if (built.code !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  const program = [...V8_FLAGS, join(DIST, "main.js")];
  // As the image does: what a start compiles is kept. Without settings the daemon ends at once.
  for (const words of [["daemon"], ["apply", "--help"]])
    await run(process.execPath, [...program, ...words], BUILT_ENV);
  return program;
}
