/** `berth init`: a small commented declaration that works, for a directory that has none. */
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BerthError } from "../../base/errors.ts";
import type { Context, Given } from "../context.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";

export const init: Verb = {
  output: "formats",
  examples: ["berth init", "berth init ./my-host && cd my-host && berth validate"],
  define: (command) =>
    command
      .description(
        "Write berth.yaml and projects/hello.yaml to start from. Existing files are never touched.",
      )
      .argument("[directory]"),
  run,
};

const HOST_FILE = `# What this host gives to projects. Every key is optional; berth config show --origin tells what holds.
api_version: berth/v1
host:
  reserve: { cpus: 0.5, memory: 1GiB } # kept for the host, Redis, Postgres and the daemon
defaults:
  limits: { pids: 256 } # inherited by every project
include: [projects/*.yaml]
`;

const PROJECT_FILE = `# One project: a container of its own with these limits, and the agents that run inside.
name: hello
image: debian:bookworm-slim
limits: { cpus: 0.5, memory: 128MiB, agents: 2 }
network: { egress: none } # or open: public addresses only
workspace: { volume: hello } # kept until \`berth remove hello --volumes\`
agents:
  beat:
    command: [sh, -c, 'while true; do date | tee -a /workspace/beats; sleep 5; done']
    replicas: 1
    restart: { policy: on-failure, max: 5, window: 10m }
    health: { command: [test, -s, /workspace/beats], interval: 10s, timeout: 2s, retries: 3, start_period: 5s }
`;

const FILES: readonly (readonly [string, string])[] = [
  ["berth.yaml", HOST_FILE],
  ["projects/hello.yaml", PROJECT_FILE],
];

async function run(context: Context, given: Given): Promise<number> {
  const directory = resolve(context.io.cwd, given.args[0] ?? ".");
  const written: string[] = [];
  for (const [name, text] of FILES) {
    await writeNew(join(directory, name), text);
    written.push(name);
  }
  const text = `wrote ${written.join(" and ")} in ${directory}\nnext: berth validate, berth plan, berth apply --wait`;
  await printResult(context, { directory, written }, { name: written.join("\n"), text });
  return 0;
}

/** Fails when the file exists, even if it appears this moment. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await makeDirectory(dirname(path));
    await using file = await open(path, "wx");
    await file.writeFile(text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** One at a time: under /proc, where a new directory is refused as if its parent were missing, `recursive` never ends (Node 26). */
async function makeDirectory(path: string): Promise<void> {
  if (await isThere(path)) return;
  await makeDirectory(dirname(path));
  await mkdir(path).catch((thrown: unknown) => {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (thrown: unknown) => {
      if (codeOf(thrown) === "ENOENT") return false;
      throw thrown;
    },
  );
}

function unwritable(path: string, cause: unknown): BerthError {
  const code = codeOf(cause);
  if (code === "EEXIST")
    return new BerthError("conflict", {
      code: "cli.file-exists",
      detail: `${path} exists already and was not touched`,
      hint: "name another directory: berth init DIRECTORY",
      cause,
    });
  const refused = code === "EACCES" || code === "EPERM";
  return new BerthError(refused ? "permission" : "usage", {
    code: "cli.file-unwritable",
    detail: `cannot write ${path}${code === null ? "" : ` (${code})`}`,
    hint: "check the directory and its permissions",
    cause,
  });
}

function codeOf(thrown: unknown): string | null {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : null;
}
