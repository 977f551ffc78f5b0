/** Bundles src/runner into one file, and writes the command that fills V8's compile cache. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rolldown } from "rolldown";
import type { RunnerConfig } from "../../src/model/desired.ts";
import { RUNNER_COMMAND } from "../../src/protocol/entry.ts";

const OUT = "dist/runner";
const RESTART = {
  mode: "always",
  max: 9,
  windowMs: 9_999,
  backoffMs: 10,
  backoffMaxMs: 100,
} as const;
const HEALTH = {
  command: ["true"],
  intervalMs: 100,
  timeoutMs: 1_000,
  retries: 1,
  startPeriodMs: 0,
};
const AGENT = {
  task: null,
  entrypoint: "none",
  replicas: 1,
  stopGraceMs: 500,
  user: null,
  cwd: "/",
  environment: {},
} as const;

/** Two agents that take the usual paths: one stays and is healthy, one prints, crashes and comes back. */
const WARM: RunnerConfig = {
  hash: "warm",
  epoch: 1,
  generation: 1,
  project: "warm",
  install: "warm",
  environment: {},
  agents: [
    { ...AGENT, name: "stays", command: ["sleep", "1000"], restart: RESTART, health: HEALTH },
    { ...AGENT, name: "crashes", command: ["false"], restart: RESTART, health: null },
  ],
  secretNames: [],
  git: null,
  workspaceOwner: null,
  image: { entrypoint: [], user: null, workdir: null, environment: null },
  restartSerials: {},
};

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
writeFileSync(`${OUT}/bundle.js`, program.code);
copyFileSync("images/runner/loader.cjs", `${OUT}/runner.js`);
// As in a project container but for PID 1, and with something to do, so that V8 compiles what a start needs.
const warm = ["/.berth/launcher", "serve", "BERTH_WARM=1", ...RUNNER_COMMAND];
writeFileSync(`${OUT}/warm`, `${warm.join(" ")}\n`);
writeFileSync(`${OUT}/desired.json`, JSON.stringify(WARM));
