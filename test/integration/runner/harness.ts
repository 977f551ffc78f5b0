/** A world for runner tests: the runner volume, a spool volume, project containers as the daemon would make them. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AgentSpec, HealthSpec, RestartPolicy } from "../../../src/model/agent.ts";
import type { RunnerConfig } from "../../../src/model/desired.ts";
import type { JournalEvent } from "../../../src/model/run.ts";
import { RUNNER_ENTRYPOINT } from "../../../src/protocol/entry.ts";
import { decodeJournal } from "../../../src/protocol/journal.ts";
import { decodeRecords } from "../../../src/protocol/segment.ts";
import { Client } from "./client.ts";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);
const LABEL = "berth.test=runner";
const ROOT = new URL("../../..", import.meta.url).pathname;
/** As scripts/images names our images. */
export const VERSION =
  /"version": "([^"]+)"/.exec(readFileSync(`${ROOT}package.json`, "utf8"))?.[1] ?? "";
export const IMAGE = process.env["BERTH_IMAGE_RUNNER"] ?? `berth/runner:${VERSION}`;
const DEBIAN = process.env["BERTH_IMAGE_DEBIAN"] ?? "debian:bookworm-slim";

/** Output of a docker command. */
export async function docker(...argv: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", [...argv], {
    maxBuffer: 64 * 1_048_576,
    timeout: 300_000,
    cwd: ROOT,
  });
  return stdout.trim();
}

export const NO_RESTART: RestartPolicy = {
  mode: "no",
  max: 5,
  windowMs: 600_000,
  backoffMs: 0,
  backoffMaxMs: 60_000,
};
export const ALWAYS: RestartPolicy = { ...NO_RESTART, mode: "always" };

export function agent(
  name: string,
  command: readonly string[],
  more: Partial<AgentSpec> = {},
): AgentSpec {
  return {
    name,
    task: null,
    command,
    entrypoint: "none",
    replicas: 1,
    restart: NO_RESTART,
    health: null,
    stopGraceMs: 2_000,
    user: null,
    cwd: null,
    environment: {},
    ...more,
  };
}

/** A worker: its script runs once per task. */
export function worker(
  name: string,
  command: readonly string[],
  more: Partial<AgentSpec> = {},
): AgentSpec {
  const task = { min: 0, max: 8, timeoutMs: 60_000, retries: { max: 0, backoffMs: 0 } };
  return agent(name, command, { replicas: 0, task, ...more });
}

/** A shell agent on an image that has one. */
export function shell(name: string, script: string, more: Partial<AgentSpec> = {}): AgentSpec {
  return agent(name, ["sh", "-c", script], more);
}

export function healthOf(script: string, more: Partial<HealthSpec> = {}): HealthSpec {
  return {
    command: ["sh", "-c", script],
    intervalMs: 200,
    timeoutMs: 2_000,
    retries: 2,
    startPeriodMs: 0,
    ...more,
  };
}

let serial = 0;

export function configOf(
  project: string,
  agents: readonly AgentSpec[],
  more: Partial<RunnerConfig> = {},
): RunnerConfig {
  serial += 1;
  return {
    hash: `hash-${serial}`,
    epoch: 1,
    generation: serial,
    project,
    install: "test",
    environment: {},
    agents,
    secretNames: [],
    git: null,
    workspaceOwner: null,
    image: { entrypoint: [], user: null, workdir: null, environment: null },
    restartSerials: {},
    ...more,
  };
}

export interface ProjectOptions {
  readonly image?: string;
  readonly memory?: string;
  readonly pids?: number;
  /** Extra flags for `docker run`, before the image. */
  readonly flags?: readonly string[];
  /** Called with the spool directory before the container exists. */
  readonly prepare?: (spool: string) => Promise<void>;
}

/** Everything one test file needs; `dispose` takes it away again. */
export class World {
  readonly #name: string;
  readonly #containers: string[] = [];
  readonly #images: string[] = [];
  readonly #volumes: string[] = [];
  readonly #clients: Client[] = [];
  #spoolRoot = "";
  #projects = 0;

  constructor(name: string) {
    this.#name = `bt-${name}-${process.pid}`;
  }

  get runnerVolume(): string {
    return `${this.#name}-r`;
  }

  /** Brings the runner image up to date and fills a volume from it. */
  async setUp(): Promise<void> {
    await run("scripts/images", ["--yes", "runner", "agent-node"], { cwd: ROOT, timeout: 900_000 });
    await this.#volume(this.runnerVolume);
    // The engine copies the image's /.berth into the empty volume.
    await docker(
      "run",
      "--rm",
      "--network",
      "none",
      "--label",
      LABEL,
      "--mount",
      `type=volume,src=${this.runnerVolume},dst=/.berth`,
      IMAGE,
    );
    await this.#volume(`${this.#name}-s`);
    this.#spoolRoot = await docker("volume", "inspect", "-f", "{{.Mountpoint}}", `${this.#name}-s`);
  }

  /** An image made of these tar'ed files. */
  async importImage(
    name: string,
    folder: string,
    changes: readonly string[] = [],
  ): Promise<string> {
    const tag = `berth-test/${name}:${process.pid}`;
    const flags = changes.flatMap((change) => ["--change", change]);
    await run("sh", [
      "-c",
      `tar -C "$0" -c . | docker import ${flags.map(quoted).join(" ")} - ${tag}`,
      folder,
    ]);
    this.#images.push(tag);
    return tag;
  }

  /** A spool with this configuration, and a container on it. */
  async start(
    make: (project: string) => RunnerConfig,
    options: ProjectOptions = {},
  ): Promise<Project> {
    this.#projects += 1;
    const project = `p${this.#projects}`;
    const spool = join(this.#spoolRoot, project);
    await mkdir(spool, { mode: 0o700 });
    const config = make(project);
    await writeFile(join(spool, "desired.json"), JSON.stringify(config), { mode: 0o600 });
    await options.prepare?.(spool);
    const workspace = `${this.#name}-${project}`;
    await this.#volume(workspace);
    const [program = "", ...argv] = RUNNER_ENTRYPOINT;
    const memory = options.memory ?? "128m";
    const flags = words(`
      run -d --label ${LABEL} --hostname ${project} --network none --user 0:0 --workdir / --read-only --cgroupns private
      --cap-drop ALL --cap-add CHOWN --cap-add SETUID --cap-add SETGID --cap-add KILL
      --security-opt no-new-privileges --oom-score-adj 300 --log-driver local --stop-timeout 20
      --memory ${memory} --memory-swap ${memory} --pids-limit ${options.pids ?? 128} --cpus 1.5
      --tmpfs /tmp:exec,mode=1777,size=64m --tmpfs /run:mode=755,size=16m
      --mount type=volume,src=${this.runnerVolume},dst=/.berth,readonly
      --mount type=volume,src=${this.#name}-s,dst=/run/berth,volume-subpath=${project}
      --mount type=volume,src=${workspace},dst=/workspace`);
    const entry = ["--entrypoint", program, options.image ?? DEBIAN, ...argv];
    const container = await docker(...flags, ...(options.flags ?? []), ...entry);
    this.#containers.push(container);
    return new Project({
      container,
      config,
      spool,
      opened: (client) => this.#clients.push(client),
    });
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) client.close();
    if (this.#containers.length > 0) await docker("rm", "-f", ...this.#containers);
    if (this.#volumes.length > 0) await docker("volume", "rm", "-f", ...this.#volumes);
    if (this.#images.length > 0) await docker("rmi", "-f", ...this.#images);
  }

  async #volume(name: string): Promise<void> {
    await docker("volume", "create", "--label", LABEL, name);
    this.#volumes.push(name);
  }
}

interface ProjectParts {
  readonly container: string;
  readonly config: RunnerConfig;
  readonly spool: string;
  opened(client: Client): void;
}

/** One project's container and spool, seen from outside. */
export class Project {
  readonly container: string;
  readonly spool: string;
  readonly #parts: ProjectParts;

  constructor(parts: ProjectParts) {
    this.#parts = parts;
    this.container = parts.container;
    this.spool = parts.spool;
  }

  get config(): RunnerConfig {
    return this.#parts.config;
  }

  /** Connects as a daemon of this epoch would, and says hello. */
  async connect(
    epoch = 1,
    more: Readonly<{ install?: string; versions?: readonly number[] }> = {},
  ): Promise<Client> {
    const path = join(this.spool, "control.sock");
    await eventually("control.sock", () => existsSync(path));
    const client = await eventually("a connection", () => Client.open(path).catch(() => null));
    this.#parts.opened(client);
    client.send({
      kind: "hello",
      versions: [1],
      epoch,
      install: "test",
      project: this.config.project,
      ...more,
    });
    return client;
  }

  /** The whole journal as it is on disk. */
  async journal(): Promise<readonly JournalEvent[]> {
    const folder = join(this.spool, "journal");
    if (!existsSync(folder)) return [];
    const names = (await readdir(folder)).filter((name) => name.endsWith(".ndjson")).toSorted();
    // The runner deletes what is acknowledged while we look.
    const files = await Promise.all(
      names.map((name) => readFile(join(folder, name)).catch(() => new Uint8Array())),
    );
    return files.flatMap((bytes) => decodeJournal(bytes).events);
  }

  /** The first journal event of this kind (and agent), once it is there. */
  async event<K extends JournalEvent["kind"]>(
    kind: K,
    wanted: (event: Extract<JournalEvent, { kind: K }>) => boolean = () => true,
    deadlineMs?: number,
  ): Promise<Extract<JournalEvent, { kind: K }>> {
    const isWanted = (event: JournalEvent): event is Extract<JournalEvent, { kind: K }> =>
      isKind(event, kind) && wanted(event);
    return eventually(
      `journal event ${kind}`,
      async () => (await this.journal()).find(isWanted),
      deadlineMs,
    );
  }

  /** Everything a run printed, in order. */
  async output(runId: string, stream: "stdout" | "stderr" = "stdout"): Promise<string> {
    const folder = join(this.spool, "runs", runId);
    // A task that has printed nothing has no folder.
    const files = await readdir(folder).catch(() => []);
    const names = files.filter((name) => name.endsWith(".seg")).toSorted();
    const parts: Uint8Array[] = [];
    for (const name of names) {
      for (const record of decodeRecords(await readFile(join(folder, name))).records) {
        if (record.kind === "chunk" && record.stream === stream) parts.push(record.bytes);
      }
    }
    return Buffer.concat(parts).toString("utf8");
  }

  /** The output of an agent's first run, once it ended. */
  async outputOf(agentName: string): Promise<string> {
    const { run: id } = await this.event("exited", (event) => event.agent === agentName);
    return this.output(id);
  }

  /** pids of the container's processes as the host sees them, with their command. */
  async processes(): Promise<readonly string[]> {
    const table = await docker("top", this.container, "-eo", "pid,args");
    return table
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }

  async isRunning(): Promise<boolean> {
    return (await docker("inspect", "-f", "{{.State.Running}}", this.container)) === "true";
  }

  /** Puts a file beside the runner's back, as a daemon that prepares a spool does. */
  async writeSpool(name: string, text: string): Promise<void> {
    await writeFile(join(this.spool, `${name}.t`), text, { mode: 0o600 });
    await rename(join(this.spool, `${name}.t`), join(this.spool, name));
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function isKind<K extends JournalEvent["kind"]>(
  event: JournalEvent,
  kind: K,
): event is Extract<JournalEvent, { kind: K }> {
  return event.kind === kind;
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
