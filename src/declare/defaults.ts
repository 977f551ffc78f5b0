/** What holds where a declaration is silent; `config show --origin` names these `berth default`. */
import type { HealthSpec, RestartPolicy } from "../model/agent.ts";
import type { HostSpec, LimitsSpec } from "../model/project.ts";
import type { TaskPolicy } from "../model/task.ts";
import { PRIORITY_WORDS } from "../schema/quantity.ts";

const MIB = 1_048_576;
const GIB = 1024 * MIB;

export const LIMITS: LimitsSpec = {
  /** One core: half of the smallest machine Berth is meant for. */
  cpus: 1,
  /** The budget a project had in the original request; a Node or Python agent with its tools fits. */
  memoryBytes: 512 * MIB,
  /** A build with parallel compilers stays below 200; a fork bomb ends here. */
  pids: 256,
  /** Four times what the 512 MiB above usually carries, so that memory binds first. */
  agents: 16,
  /** Enough for databases and watchers; below what an engine in a container or sandbox may itself be allowed (20,000 was seen). */
  nofile: 16_384,
  /** Docker's own default; counts against the memory limit. */
  shmBytes: 64 * MIB,
};

export const PRIORITY = PRIORITY_WORDS.normal;
/** Equal shares. */
export const WEIGHT = 1;
/** Untrusted by default: an agent reaches nothing that was not declared. */
export const EGRESS = "none";
/** Writable places are the workspace and tmpfs. */
export const READ_ONLY_ROOT = true;
/** Whatever branch the repository itself names. */
export const GIT_REF = "HEAD";

export const RESTART: RestartPolicy = {
  /** An agent that ended well has finished. */
  mode: "on-failure",
  /** With the delays below, five failures take 31 s: past a dependency's restart, short of hiding a defect. */
  max: 5,
  windowMs: 600_000,
  backoffMs: 1000,
  /** A minute: long enough to spare the machine, short enough to come back while somebody watches. */
  backoffMaxMs: 60_000,
};

/** Docker's own are 30 s and 30 s; a frozen agent should be seen before a person notices. */
export const HEALTH: Omit<HealthSpec, "command"> = {
  intervalMs: 10_000,
  timeoutMs: 2000,
  retries: 3,
  startPeriodMs: 5000,
};

/** A service keeps running; a worker has no process that could be restarted. */
export const WORKER_RESTART: RestartPolicy = { ...RESTART, mode: "no" };

export const TASK: TaskPolicy = {
  /** Nothing is kept for a worker that did not ask for it. */
  min: 0,
  /** Two attempts in one workspace at once must be asked for. */
  max: 1,
  /** Longer than coding agents usually work on one prompt, short enough to notice a hung one the same hour. */
  timeoutMs: 1_800_000,
  /** A task may have effects: it is run again only where the declaration says that it may. */
  retries: { max: 0, backoffMs: 5000 },
};

/** Docker's stop timeout. */
export const STOP_GRACE_MS = 10_000;
export const REPLICAS = 1;

export const HOST: HostSpec = {
  reserve: {
    /** Daemon, Redis and Postgres together use a tenth of it when idle. */
    cpus: 0.5,
    /** 512 MiB for Postgres and Redis under load, the rest for the engine and the page cache. */
    memoryBytes: GIB,
    /** Below this Postgres and a killed engine no longer start. */
    diskBytes: 5 * GIB,
  },
  /** 4,096 networks of 16 addresses, in a part of 10/8 that cloud providers and VPNs seldom use. */
  networkPool: "10.201.0.0/16",
  /** None: a limit is a promise. */
  overcommit: 1,
  /** With 512 MiB each, what a machine of 8 GiB carries. */
  agents: 16,
  /** The original request's own. */
  strategy: "weighted-round-robin",
  workspaceRoots: [],
};
