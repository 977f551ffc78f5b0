#!/usr/bin/env node
/** The only entry: `daemon` wires settings, stores, loop and API; every other verb loads the CLI. */
import { readFileSync } from "node:fs";

const VERSION_FILE = new URL("../package.json", import.meta.url);

/** The version in package.json, which lies beside src/ and beside dist/ alike. */
function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(VERSION_FILE, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "0.0.0";
}

async function daemon(): Promise<number> {
  const { asBerthError, causeChain, exitCodeOf } = await import("./base/errors.ts");
  try {
    const { runDaemon } = await import("./main/run-daemon.ts");
    return await runDaemon(process.env, version());
  } catch (thrown) {
    const error = asBerthError(thrown);
    process.stderr.write(
      `error: ${error.kind === "defect" ? causeChain(error) : error.message}\n${error.hint === undefined ? "" : `hint: ${error.hint}\n`}`,
    );
    return exitCodeOf(error.kind);
  }
}

async function main(): Promise<number> {
  const [verb, ...rest] = process.argv.slice(2);
  if (verb === "daemon" && rest.length === 0) return daemon();
  const { runCli } = await import("./cli/cli.ts");
  const { ioOfProcess } = await import("./cli/io.ts");
  return runCli(process.argv.slice(2), ioOfProcess(version()));
}

async function start(): Promise<void> {
  process.exitCode = await main();
}

// Not awaited at the top: the image ships CommonJS, which starts in less time.
void start();
