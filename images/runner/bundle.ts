/** Bundles src/runner into one file, and writes the command that fills V8's compile cache with the flags the runner starts with. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rolldown } from "rolldown";
import { RUNNER_ENTRYPOINT } from "../../src/protocol/entry.ts";

const OUT = "dist/runner";

const found = /"version": "([^"]+)"/.exec(readFileSync("package.json", "utf8"))?.[1];
if (found === undefined) throw new Error("package.json has no version");
const bundle = await rolldown({
  input: "src/runner/main.ts",
  platform: "node",
  transform: { define: { BERTH_VERSION: JSON.stringify(found) } },
});
// CommonJS starts faster than a module graph; names are kept, because the container's log is read by people.
const { output } = await bundle.generate({
  format: "cjs",
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();
const [program, ...rest] = output;
if (rest.length > 0) throw new Error(`one file expected, got ${output.length}`);
mkdirSync(OUT, { recursive: true });
writeFileSync(`${OUT}/runner.js`, program.code);
// Everything behind `tini --`.
writeFileSync(`${OUT}/warm`, `${RUNNER_ENTRYPOINT.slice(2).join(" ")} warm\n`);
