/** A Docker engine of a test's own, so that it can be killed: own data, own state, no firewall rules, the test images loaded. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, run } from "./stack.ts";

const READY_MS = 60_000;
/** Of the default bridge; a range for benchmarking (RFC 2544) that nothing here is on. */
const PRIVATE_ADDRESS = "198.18.255.1/24";

export interface PrivateEngine {
  /** As for DOCKER_HOST. */
  readonly dockerHost: string;
  /** SIGKILL of dockerd alone; its containerd and its containers are left to themselves. */
  kill(): Promise<void>;
  /** Starts dockerd again and waits until it answers. */
  start(liveRestore: boolean): Promise<void>;
  /** Takes everything away, containers first. */
  close(): Promise<void>;
}

/**
 * Starts one, with live-restore. It shares the machine's kernel only: it makes no firewall rule (two engines would flush each other's chains), no
 * default bridge; Berth keeps its networks off whatever the host routes already.
 */
export async function openPrivateEngine(images: readonly string[]): Promise<PrivateEngine> {
  const dir = mkdtempSync(join(tmpdir(), "berth-engine-"));
  const place = placesIn(dir);
  const env = { ...process.env, DOCKER_HOST: place.dockerHost, DOCKER_API_VERSION: "1.45" };
  const containerd = begin("containerd", containerdArguments(place), place.log);
  let dockerd: ChildProcess | null = null;

  const start = async (liveRestore: boolean): Promise<void> => {
    writeFileSync(place.config, JSON.stringify({ "live-restore": liveRestore }));
    dockerd = begin("dockerd", dockerdArguments(place), place.log);
    await eventually(
      "the private engine answers",
      async () => ((await run("docker", ["version"], env)).code === 0 ? true : undefined),
      READY_MS,
    ).catch((cause: unknown) => {
      throw new Error(readFileSync(place.log, "utf8").slice(-2_000), { cause });
    });
  };
  const close = async (): Promise<void> => {
    await removeObjects(env);
    if (dockerd !== null) await end(dockerd, "SIGTERM");
    await end(containerd, "SIGTERM");
    await run("ip", ["link", "delete", place.bridge]);
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    for (const line of mounts.toReversed()) {
      const target = line.split(" ")[1] ?? "";
      if (target.startsWith(`${dir}/`)) await run("umount", ["-l", target]);
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await run("ip", ["link", "add", place.bridge, "type", "bridge"]);
    await run("ip", ["address", "add", PRIVATE_ADDRESS, "dev", place.bridge]);
    await start(true);
    await load(images, env);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    dockerHost: place.dockerHost,
    start,
    close,
    async kill() {
      if (dockerd !== null) await end(dockerd, "SIGKILL");
    },
  };
}

interface Places {
  readonly dockerHost: string;
  readonly config: string;
  readonly log: string;
  readonly data: string;
  readonly exec: string;
  readonly pid: string;
  readonly containerd: string;
  /** Its default bridge, on which nothing runs. */
  readonly bridge: string;
}

function placesIn(dir: string): Places {
  return {
    dockerHost: `unix://${join(dir, "docker.sock")}`,
    config: join(dir, "daemon.json"),
    log: join(dir, "dockerd.log"),
    data: join(dir, "data"),
    exec: join(dir, "exec"),
    pid: join(dir, "dockerd.pid"),
    containerd: join(dir, "containerd"),
    bridge: `bp${dir.slice(-6).toLowerCase()}`,
  };
}

/** A containerd beside dockerd, as a system runs it: killing dockerd leaves it alone. */
function containerdArguments({ containerd }: Places): readonly string[] {
  return [
    ["--address", join(containerd, "sock")],
    ["--root", join(containerd, "root")],
    ["--state", join(containerd, "state")],
  ].flat();
}

function dockerdArguments(place: Places): readonly string[] {
  return [
    ["--host", place.dockerHost],
    ["--config-file", place.config],
    ["--data-root", place.data],
    ["--exec-root", place.exec],
    ["--pidfile", place.pid],
    ["--containerd", join(place.containerd, "sock")],
    // Not "none": that makes dockerd delete docker0, which is the machine's engine's.
    ["--bridge", place.bridge],
    ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
    ["--userland-proxy=false"],
  ].flat();
}

/** Copies images from the machine's engine, layers and all: nothing is pulled. */
async function load(images: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const pipe = `DOCKER_HOST= docker save "$@" | docker load -q`;
  const copied = await run("sh", ["-ec", pipe, "sh", ...images], env);
  if (copied.code !== 0)
    throw new Error(`cannot copy ${images.join(", ")}: run scripts/images first\n${copied.stderr}`);
}

async function removeObjects(env: NodeJS.ProcessEnv): Promise<void> {
  const containers = await run("docker", ["ps", "-aq"], env);
  const ids = containers.stdout.split("\n").filter(Boolean);
  if (ids.length > 0) await run("docker", ["rm", "-f", "-v", ...ids], env);
  // Their bridges are the kernel's, so they would outlive the engine.
  await run("docker", ["network", "prune", "-f"], env);
}

function begin(program: string, args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, "a");
  const child = spawn(program, args, { stdio: ["ignore", log, log] });
  closeSync(log);
  // A program that is not there is told by the engine not answering.
  child.on("error", () => undefined);
  return child;
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
