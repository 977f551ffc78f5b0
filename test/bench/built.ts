/** The program as the image ships it: compiled, with SQL and Lua beside it. Measuring a checkout would measure type stripping. */
import { cpSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import { run } from "../support/stack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const DIST = join(ROOT, "dist");

/** Builds into dist/ and returns what node is given to run it. */
export async function builtProgram(): Promise<readonly string[]> {
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const built = await run(tsc, ["-p", join(ROOT, "tsconfig.build.json")]);
  if (built.code !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  for (const path of globSync("**/*.{sql,lua}", { cwd: join(ROOT, "src") })) {
    const to = join(DIST, path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(ROOT, "src", path), to);
  }
  return [join(DIST, "main.js")];
}
