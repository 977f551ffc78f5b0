/** A whole Berth for a test: Postgres, Redis, a daemon process of its own install, and the CLI; nothing of it stays. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import type { TestServer } from "./servers.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stack {
  readonly install: string;
  readonly dir: string;
  readonly socket: string;
  readonly logFile: string;
  readonly postgres: TestServer & Readonly<{ url: string }>;
  readonly redis: TestServer & Readonly<{ url: string }>;
  /** Writes a file below the stack's directory. */
  write(name: string, text: string): string;
  berth(...args: readonly string[]): Promise<CliResult>;
  /** Runs a verb and fails the test unless it exits with 0. */
  ok(...args: readonly string[]): Promise<string>;
  /** Makes this text the stack's `berth.yaml`, applies it and waits until all is settled; returns the file. */
  apply(text: string): Promise<string>;
  /** What a shell prints that runs in the project's container as root. */
  asRoot(project: string, script: string): Promise<string>;
  json<T>(...args: readonly string[]): Promise<T>;
  get(path: string): Promise<Readonly<{ status: number; body: string }>>;
  daemonPid(): number;
  /** Starts another daemon process of the same install, on a socket of its own. */
  second(): Promise<Readonly<{ socket: string; pid: number; kill(): Promise<void> }>>;
  startDaemon(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts the daemon process without waiting for anything. */
  launchDaemon(env?: Readonly<Record<string, string>>): void;
  killDaemon(signal?: NodeJS.Signals): Promise<void>;
  docker(...args: readonly string[]): Promise<string>;
  /** Ids of this install's containers, networks and volumes, by what they are. */
  objects(): Promise<Readonly<{ containers: string[]; networks: string[]; volumes: string[] }>>;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly install?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Addresses besides the socket: `127.0.0.1:0`. */
  readonly listen?: readonly string[];
  /** Share another stack's stores (a second install beside it). */
  readonly beside?: Stack;
  /** Arguments of node that run the program; the checkout's own unless another build is meant. */
  readonly program?: readonly string[];
  /** As for users: Postgres writes through to the disk, and no port of the host stands between the daemon and its stores. */
  readonly durable?: boolean;
}

/** Polls until `look` gives something that is not undefined; fails with `what` and the last error after the deadline. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 20_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Runs a program; never throws for its exit code. */
export function run(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(file, [...args], { env, maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      resolve({
        code: error === null ? 0 : typeof error.code === "number" ? error.code : 1,
        stdout,
        stderr,
      });
    });
  });
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const install = options.install ?? `t${randomBytes(4).toString("hex")}`;
  const dir = mkdtempSync(join(tmpdir(), "berth-e2e-"));
  const socket = join(dir, "berth.sock");
  const logFile = join(dir, "daemon.log");
  const { durable = false } = options;
  const [postgres, redis] = await (options.beside === undefined
    ? Promise.all([startPostgres({ durable }), startRedis({ direct: durable })])
    : storesBeside(options.beside, install));
  const program = options.program ?? [MAIN];
  const daemons = new Set<ChildProcess>();
  let daemon: ChildProcess | null = null;
  const environment = (at: string): NodeJS.ProcessEnv => ({
    ...process.env,
    BERTH_INSTALL: install,
    BERTH_DATABASE_URL: postgres.url,
    BERTH_REDIS_URL: redis.url,
    BERTH_LISTEN: [`unix:${at}`, ...(options.listen ?? [])].join(","),
    BERTH_HOST: `unix:${at}`,
    BERTH_STATE_DIR: dir,
    BERTH_SECRETS_DIR: join(dir, "secrets"),
    NO_COLOR: "1",
    ...options.env,
  });
  const launch = (at: string, env: Readonly<Record<string, string>> = {}): ChildProcess => {
    const log = openSync(logFile, "a");
    const child = spawn(process.execPath, [...program, "daemon"], {
      env: { ...environment(at), ...env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    daemons.add(child);
    child.once("exit", () => daemons.delete(child));
    return child;
  };
  const engineEnvironment = { ...process.env, ...options.env, DOCKER_API_VERSION: "1.45" };
  const docker = async (...args: readonly string[]): Promise<string> => {
    const result = await run("docker", args, engineEnvironment);
    if (result.code !== 0) throw new Error(`docker ${args.join(" ")}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const stack: Stack = {
    install,
    dir,
    socket,
    logFile,
    postgres,
    redis,
    docker,
    write(name, text) {
      const path = join(dir, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    berth: (...args) => run(process.execPath, [...program, ...args], environment(socket)),
    async ok(...args) {
      const result = await stack.berth(...args);
      if (result.code !== 0)
        throw new Error(
          `berth ${args.join(" ")} exited with ${result.code}\n${result.stdout}\n${result.stderr}\n${tail(logFile)}`,
        );
      return result.stdout;
    },
    async apply(text) {
      const file = stack.write("berth.yaml", text);
      await stack.ok("apply", "-f", file, "--wait", "-y");
      return file;
    },
    asRoot: (project, script) => stack.ok("exec", "--root", project, "--", "/bin/sh", "-c", script),
    json: async <T>(...args: readonly string[]) =>
      JSON.parse(await stack.ok(...args, "--json")) as T,
    get: (path) => get(socket, path),
    daemonPid: () => daemon?.pid ?? 0,
    async second() {
      const at = join(dir, "second.sock");
      const child = launch(at);
      await eventually("the second daemon answers", async () =>
        (await get(at, "/healthz")).status === 200 ? true : undefined,
      );
      return { socket: at, pid: child.pid ?? 0, kill: () => kill(child, "SIGKILL") };
    },
    launchDaemon(env = {}) {
      daemon = launch(socket, env);
    },
    async startDaemon(env = {}) {
      stack.launchDaemon(env);
      await eventually(
        "the daemon leads",
        async () =>
          (await get(socket, "/readyz")).body.includes('"role":"leader"') ? true : undefined,
        30_000,
      ).catch((error: unknown) => {
        throw new Error(tail(logFile), { cause: error });
      });
    },
    async killDaemon(signal = "SIGKILL") {
      if (daemon !== null) await kill(daemon, signal);
      daemon = null;
    },
    async objects() {
      const list = async (...args: readonly string[]): Promise<string[]> =>
        (await docker(...args)).split("\n").filter(Boolean);
      const filter = `label=berth.install=${install}`;
      const [containers, networks, volumes] = await Promise.all([
        list("ps", "-aq", "--no-trunc", "--filter", filter),
        list("network", "ls", "-q", "--no-trunc", "--filter", filter),
        list("volume", "ls", "-q", "--filter", filter),
      ]);
      return { containers, networks, volumes };
    },
    async close() {
      await Promise.all([...daemons].map((child) => kill(child, "SIGKILL")));
      const { containers, networks, volumes } = await stack.objects();
      if (containers.length > 0)
        await run("docker", ["rm", "-f", "-v", ...containers], engineEnvironment);
      if (networks.length > 0)
        await run("docker", ["network", "rm", ...networks], engineEnvironment);
      if (volumes.length > 0)
        await run("docker", ["volume", "rm", "-f", ...volumes], engineEnvironment);
      await Promise.all([postgres.stop(), redis.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await stack.startDaemon();
  return stack;
}

/** A database of its own on the other stack's server, and its Redis; the other stack stops both. */
async function storesBeside(
  { postgres, redis }: Stack,
  install: string,
): Promise<readonly [Stack["postgres"], Stack["redis"]]> {
  const notOurs = { stop: async () => undefined };
  return [
    { ...postgres, ...notOurs, url: await freshDatabase(postgres.url, install) },
    { ...redis, ...notOurs },
  ];
}

/** Makes an empty database beside the one of `url` and returns its URL. */
export async function freshDatabase(url: string, name: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(`create database "${name}"`);
  } finally {
    await client.end();
  }
  const made = new URL(url);
  made.pathname = `/${name}`;
  return made.href;
}

function tail(file: string): string {
  return readFileSync(file, "utf8").split("\n").slice(-25).join("\n");
}

function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

/** One GET over a unix socket. */
export function get(
  socketPath: string,
  path: string,
): Promise<Readonly<{ status: number; body: string }>> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: 5_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error("timed out")));
    asked.end();
  });
}
