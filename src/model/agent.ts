/** What an agent is: a command kept running inside its project's container, or run once per task. */
import type { TaskPolicy } from "./task.ts";

export type RestartMode = "no" | "on-failure" | "always";

export interface RestartPolicy {
  readonly mode: RestartMode;
  /** Restarts allowed within the window before the agent counts as crash-looping. */
  readonly max: number;
  readonly windowMs: number;
  /** First delay; doubles with every consecutive failure up to backoffMaxMs. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

export interface HealthSpec {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Consecutive failures that make the agent unhealthy. */
  readonly retries: number;
  /** Failures within this time after the start do not count. */
  readonly startPeriodMs: number;
}

export interface AgentSpec {
  readonly name: string;
  /** `on: task`: one process per task, none otherwise (`replicas` is 0); null: a service. */
  readonly task: TaskPolicy | null;
  /** The whole argv, no shell. */
  readonly command: readonly string[];
  /** `image` puts the image's entrypoint before the command. */
  readonly entrypoint: "none" | "image";
  readonly replicas: number;
  readonly restart: RestartPolicy;
  readonly health: HealthSpec | null;
  readonly stopGraceMs: number;
  /** `uid` or `uid:gid`; null means the image's USER, else 10001. */
  readonly user: string | null;
  /** Working directory; null means the image's WORKDIR if it is set, else /workspace. */
  readonly cwd: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** What an agent replica is doing, as the runner reports it. */
export type AgentStateKind =
  | "waiting" // wants to run, something is missing (secret, workspace): see reason
  | "starting" // process started, health not yet known
  | "running" // process runs; no health command, or healthy
  | "unhealthy"
  | "stopping"
  | "backoff" // exited, restarts at `nextStartAt`
  | "crash-loop" // used up its restart budget
  | "exited"; // ended and the policy does not restart it

export interface AgentStatus {
  readonly agent: string;
  /** 0-based replica number. */
  readonly replica: number;
  readonly state: AgentStateKind;
  readonly reason: string | null;
  readonly pid: number | null;
  readonly runId: string | null;
  /** Milliseconds since the epoch, in the container's clock (which is the host's). */
  readonly startedAt: number | null;
  readonly nextStartAt: number | null;
  readonly restarts: number;
  readonly lastExit: Readonly<{
    code: number | null;
    signal: string | null;
    oom: boolean;
    at: number;
  }> | null;
  readonly cpuMs: number | null;
  readonly rssBytes: number | null;
}
