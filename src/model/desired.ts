/** Desired state: what must exist for each project, derived from its spec, the operator's wish and the allocation. */
import type { AgentSpec } from "./agent.ts";
import type { Egress } from "./project.ts";

/** The limits that change live, in the units the engine takes. */
export interface LimitValues {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  /** Relative CPU weight as cgroup v1 shares (2..262144); the engine converts for v2. */
  readonly cpuShares: number;
}

export interface NetworkSpec {
  /** `berth-<install>-<project>`. */
  readonly name: string;
  readonly subnet: string;
  readonly egress: Egress;
  /** Bridge device, at most 15 characters, with the install's common prefix. */
  readonly bridge: string;
}

export interface MountSpec {
  readonly kind: "volume" | "bind";
  /** Volume name or absolute host path. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Directory inside the volume. */
  readonly subpath: string | null;
}

export interface TmpfsSpec {
  readonly target: string;
  /** Without size and inodes. */
  readonly options: string;
  readonly sizeBytes: number;
  readonly inodes: number;
}

/** Everything the engine needs to create a container. `specHash` covers what only a new container can change (see desired/container). */
export interface ContainerSpec {
  readonly name: string;
  readonly project: string;
  readonly image: string;
  readonly limits: LimitValues;
  readonly nofile: number;
  readonly readOnlyRoot: boolean;
  readonly tmpfs: readonly TmpfsSpec[];
  readonly mounts: readonly MountSpec[];
  readonly networkName: string;
  readonly stopTimeoutSeconds: number;
  readonly oomScoreAdj: number;
  /** Operator labels plus ours (berth.*). */
  readonly labels: Readonly<Record<string, string>>;
  readonly specHash: string;
}

/** What the runner must keep running; sent over the control socket and kept in the spool. Holds no secret value. */
export interface RunnerConfig {
  /** Fingerprint of everything below but `epoch` and `generation`; equal means nothing to do. */
  readonly hash: string;
  readonly epoch: number;
  readonly generation: number;
  readonly project: string;
  readonly install: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly agents: readonly AgentSpec[];
  /** Names the runner waits for before it starts agents; the values come by `secrets`. */
  readonly secretNames: readonly string[];
  /** Set for a git workspace: cloned once into /workspace as the agent's uid. */
  readonly git: Readonly<{ url: string; ref: string }> | null;
  /** Set for a path workspace: agents run as its owner; the runner never chowns it. */
  readonly workspaceOwner: Readonly<{ uid: number; gid: number }> | null;
  readonly image: Readonly<{
    entrypoint: readonly string[];
    user: string | null;
    workdir: string | null;
    /** Null where nobody has looked: then no agent is started before the runner, which sees it from inside. No part of `hash`. */
    environment: Readonly<Record<string, string>> | null;
  }>;
  /** Serial of the last restart asked for, by agent name; a higher one restarts its replicas. */
  readonly restartSerials: Readonly<Record<string, number>>;
}

export type ContainerWish = "running" | "frozen" | "stopped" | "absent";
