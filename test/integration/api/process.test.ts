/** The CLI as a process: how fast it starts, what a reader that leaves and Ctrl-C do to it, a terminal that is one. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutputLine } from "../../../src/runners/door.ts";
import { startServer, until } from "../../support/api-server.ts";
import { aLine, aProject, echoSession, fakeDaemon, NOW } from "../../support/fake-daemon.ts";

const run = promisify(execFile);
const MAIN = "src/main.ts";
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-process-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function* endless(_query: unknown, signal: AbortSignal): AsyncGenerator<OutputLine> {
  for (let at = NOW; !signal.aborted; at += 1) {
    yield aLine(at, `line ${at - NOW}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Watched {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly code: Promise<number | null>;
}

function berth(address: string, words: readonly string[]): Watched {
  const env = { ...process.env, BERTH_HOST: address };
  const child = spawn(process.execPath, [MAIN, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Not `exit`: what it printed last may come after that.
  const code = once(child, "close").then(([status]: (number | null)[]) => status ?? null);
  const watched: Watched = { child, stdout: "", stderr: "", code };
  child.stdout?.on("data", (chunk: Buffer) => (watched.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (watched.stderr += chunk.toString()));
  return watched;
}

test("a reader that leaves ends a stream quietly", async () => {
  await using server = await startServer(fakeDaemon({ output: endless }));
  const running = berth(server.address, ["logs", "web", "-f"]);
  await until(() => running.stdout.includes("line 1"), 20_000);
  running.child.stdout?.destroy();
  expect(await running.code).toBe(0);
  expect(running.stderr).toBe("");
});

test("Ctrl-C leaves a stream with 130", async () => {
  await using server = await startServer(fakeDaemon({ output: endless }));
  const running = berth(server.address, ["logs", "web", "-f"]);
  await until(() => running.stdout.includes("line 1"), 20_000);
  running.child.kill("SIGINT");
  expect(await running.code).toBe(130);
});

test("a daemon that dies in the middle of a stream is 69", async () => {
  const server = await startServer(fakeDaemon({ output: endless }));
  const running = berth(server.address, ["logs", "web", "-f"]);
  await until(() => running.stdout.includes("line 1"), 20_000);
  await server[Symbol.asyncDispose]();
  expect(await running.code).toBe(69);
});

test("exec gives a real terminal its size, passes Ctrl-C on, and takes the command's code", async () => {
  const sizes: (readonly [number, number])[] = [];
  const typed: string[] = [];
  await using server = await startServer(
    fakeDaemon({ exec: async () => endedByCtrlC(sizes, typed) }),
  );
  const line = `stty cols 90 rows 31; ${process.execPath} ${MAIN} exec -it web -- sh`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, BERTH_HOST: server.address },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  let echoed = "";
  child.stdout.on("data", (chunk: Buffer) => (echoed += chunk.toString()));
  child.stdin.write("typed");
  // Without a line's end it arrives only once the terminal is raw; before that, Ctrl-C would end the CLI itself.
  await until(() => typed.join("") === "typed", 20_000);
  await until(() => echoed.includes("typed"), 20_000);
  child.stdin.write("\u0003");
  expect((await exit)[0]).toBe(9);
  expect(sizes).toEqual([[90, 31]]);
});

test("apply --wait ends with 73 and names who waits for room, and outlives a daemon that restarts", async () => {
  const daemon = fakeDaemon({
    apply: async () => ({
      generation: 4,
      changed: true,
      unnamed: [],
      pruned: [],
      changedProjects: ["big", "web"],
      deferred: [],
      projects: ["big", "web"],
    }),
  });
  const reasons = ["waiting: capacity: needs 9GiB, 1GiB free of 4GiB"];
  const big = aProject("big", { phase: "activating", health: "waiting", reasons });
  daemon.world = [big, aProject("web", { phase: "activating", health: "starting" })];
  writeFileSync(
    join(directory, "web.yaml"),
    "name: web\nimage: debian\nworkspace: { volume: web }\nagents: { main: { command: [sleep, infinity] } }\n",
  );
  const first = await startServer(daemon);
  const running = berth(first.address, ["apply", "-f", join(directory, "web.yaml"), "--wait"]);
  await until(() => running.stderr.includes("web: activating"), 20_000);
  await first[Symbol.asyncDispose]();
  daemon.world = [big, aProject("web")];
  await using second = await startServer(daemon, {}, first.directory);
  expect(second.address).toBe(first.address);
  expect(await running.code).toBe(73);
  expect(running.stderr).toContain("error: big: activating");
  expect(running.stderr).not.toContain("error: web");
});

/** A command that echoes, and ends with 9 when it reads a Ctrl-C byte. */
function endedByCtrlC(
  sizes: (readonly [number, number])[],
  typed: string[],
): ReturnType<typeof echoSession> {
  const made = echoSession(sizes);
  const { promise, resolve } = Promise.withResolvers<number>();
  made.session.stream.on("data", (chunk: Buffer) => {
    if (chunk.includes(3)) resolve(9);
    else typed.push(chunk.toString());
  });
  return { ...made, session: { ...made.session, exitCode: () => promise } };
}

/** CPU of a start in microseconds, the median of five: other work on the machine changes it less than time. */
async function cpuOf(words: readonly string[]): Promise<number> {
  const probe = join(directory, "probe.cjs");
  writeFileSync(
    probe,
    'process.on("exit", () => { const { user, system } = process.cpuUsage(); require("fs").writeSync(2, `\\ncpu=${user + system}`); });',
  );
  const measured: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    // not spawnSync: the server that answers lives in this process
    const { stderr } = await run(process.execPath, ["--require", probe, ...words]);
    measured.push(Number(/cpu=(\d+)$/.exec(stderr)?.[1]));
  }
  return measured.toSorted((one, other) => one - other)[2] ?? Number.NaN;
}

test("the CLI as it ships starts within a small multiple of node itself", async () => {
  const dist = join(directory, "dist");
  await run(process.execPath, ["images/daemon/bundle.ts", dist]);
  writeFileSync(join(directory, "package.json"), '{ "version": "0" }');
  await using server = await startServer(fakeDaemon());
  const main = join(dist, "main.js");
  const bare = await cpuOf(["-e", "0"]);
  expect(bare).toBeGreaterThan(0);
  // measured 1.6 and 3.0 on 2 cores, Node 26.10; zod in its path would make `ps` 4, all of node:http 5
  expect((await cpuOf([main, "--help"])) / bare).toBeLessThan(3);
  expect((await cpuOf([main, "ps", "--host", server.address])) / bare).toBeLessThan(5);
});
