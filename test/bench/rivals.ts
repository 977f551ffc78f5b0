/** The other sides: bare dockerode and docker compose, doing the same work with the same image, limits and kind of network. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { run } from "../support/stack.ts";
import { IMAGE } from "../support/samples.ts";
import { LIMITS, SLEEP, somePool } from "./declared.ts";
import { eachOf } from "./numbers.ts";

/** As many engine operations at once as Berth allows itself. */
const AT_ONCE = 8;
const LABEL = "berth.bench";
const NO_HOST_ADDRESS = "com.docker.network.bridge.inhibit_ipv4";

const HOST_CONFIG: Docker.HostConfig = {
  Memory: LIMITS.memoryMiB * 1024 ** 2,
  MemorySwap: LIMITS.memoryMiB * 1024 ** 2,
  NanoCpus: LIMITS.cpus * 1e9,
  PidsLimit: LIMITS.pids,
};

export interface Started {
  readonly container: Docker.Container;
  readonly network: Docker.Network;
}

export interface StartOptions {
  readonly command?: readonly string[];
  readonly restart?: "no" | "always";
  /** A volume at /workspace. */
  readonly volume?: string;
}

/** Bare dockerode: what anybody's own script would do. */
export function bareEngine() {
  const docker = new Docker({ timeout: 60_000 });
  const { subnet } = somePool();
  const tag = `bench${randomBytes(3).toString("hex")}`;
  const started: Started[] = [];
  let made = 0;

  const startOne = async ({
    command = SLEEP,
    restart = "no",
    volume,
  }: StartOptions = {}): Promise<Started> => {
    const index = made++;
    const name = `${tag}-${index}`;
    const network = await docker.createNetwork({
      Name: name,
      Internal: true,
      IPAM: { Driver: "default", Config: [{ Subnet: subnet(index % 256) }] },
      Options: { [NO_HOST_ADDRESS]: "true" },
      Labels: { [LABEL]: tag },
    });
    const container = await docker.createContainer({
      name,
      Image: IMAGE,
      Cmd: [...command],
      Labels: { [LABEL]: tag },
      HostConfig: {
        ...HOST_CONFIG,
        NetworkMode: name,
        RestartPolicy: { Name: restart },
        ...(volume === undefined
          ? {}
          : { Mounts: [{ Type: "volume", Source: volume, Target: "/workspace" }] }),
      },
    });
    const both = { container, network };
    started.push(both);
    await container.start();
    return both;
  };

  return {
    docker,
    tag,
    startOne,
    startAll: (count: number) =>
      eachOf(
        Array.from({ length: count }, (_, index) => index),
        AT_ONCE,
        () => startOne(),
      ),
    async volume(name: string): Promise<string> {
      const full = `${tag}-${name}`;
      await docker.createVolume({ Name: full, Labels: { [LABEL]: tag } });
      return full;
    },
    async removeAll(): Promise<void> {
      await eachOf(started.splice(0), AT_ONCE, async ({ container, network }) => {
        await container.remove({ force: true, v: true });
        await network.remove();
      });
    },
    async close(): Promise<void> {
      await this.removeAll();
      const { Volumes: volumes } = await docker.listVolumes({
        filters: { label: [`${LABEL}=${tag}`] },
      });
      for (const { Name: name } of volumes ?? []) await docker.getVolume(name).remove();
    },
  };
}

export type BareEngine = ReturnType<typeof bareEngine>;

/** docker compose with the same projects, a network each, in one file. */
export function composeSide(names: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const file = join(dir, "compose.json");
  const project = `bench${randomBytes(3).toString("hex")}`;
  const { subnet } = somePool();
  const services = names.map((name) => [
    name,
    {
      image: IMAGE,
      command: SLEEP,
      networks: [name],
      mem_limit: `${LIMITS.memoryMiB}m`,
      memswap_limit: `${LIMITS.memoryMiB}m`,
      cpus: LIMITS.cpus,
      pids_limit: LIMITS.pids,
      stop_grace_period: "0s",
    },
  ]);
  const networks = names.map((name, index) => [
    name,
    {
      internal: true,
      driver_opts: { [NO_HOST_ADDRESS]: "true" },
      ipam: { config: [{ subnet: subnet(index) }] },
    },
  ]);
  writeFileSync(
    file,
    JSON.stringify({
      services: Object.fromEntries(services),
      networks: Object.fromEntries(networks),
    }),
  );
  const compose = async (...args: readonly string[]): Promise<void> => {
    const argv = ["compose", "--progress", "quiet", "-p", project, "-f", file, ...args];
    const result = await run("docker", argv);
    if (result.code !== 0) throw new Error(`docker ${argv.join(" ")}: ${result.stderr}`);
  };
  return {
    up: () => compose("up", "-d"),
    down: () => compose("down", "--timeout", "0"),
    async close(): Promise<void> {
      await compose("down", "--timeout", "0");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
