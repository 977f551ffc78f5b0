/** What the rest of the program may ask of the Docker engine; implemented by `engine.ts`, faked only for properties. */
import type { ContainerSpec, LimitValues, NetworkSpec } from "../model/desired.ts";
import type {
  EngineEvent,
  EngineFacts,
  EngineSnapshot,
  InspectedContainer,
} from "../model/observed.ts";
import type { Duplex } from "node:stream";

export interface ImageFacts {
  readonly id: string;
  readonly entrypoint: readonly string[];
  readonly user: string | null;
  readonly workdir: string | null;
  /** Its ENV. */
  readonly environment: Readonly<Record<string, string>>;
  /** VOLUME paths of the image: each becomes a labelled project volume. */
  readonly volumes: readonly string[];
}

export interface ExecRequest {
  readonly containerId: string;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly user: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ExecSession {
  /** Raw for a TTY; otherwise `stdout`/`stderr` are demultiplexed. */
  readonly stream: Duplex;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  resize(columns: number, rows: number): Promise<void>;
  /** Waits for the end; null when the engine cannot tell the exit code. */
  exitCode(): Promise<number | null>;
}

/** Which install an object belongs to; every create labels with it. */
export interface Ownership {
  readonly install: string;
  readonly installUid: string;
  readonly epoch: number;
}

export interface ErrandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every call has a deadline (5 s for quick verbs) and throws BerthError `docker.*`; "already so" is success. */
export interface EngineDoor {
  facts(): Promise<EngineFacts>;
  ping(): Promise<void>;
  /** Three list calls, no inspect: all containers, networks and volumes, ours or not. */
  snapshot(): Promise<EngineSnapshot>;
  inspect(containerId: string): Promise<InspectedContainer | null>;
  imageFacts(image: string): Promise<ImageFacts | null>;
  /** Pulls unless present; `docker.image-missing` (rejected) if it cannot be had. */
  ensureImage(image: string): Promise<ImageFacts>;
  /** Adopts (409) only a container with our labels, project and spec hash; else `docker.name-taken` (rejected). Returns the id. */
  createContainer(spec: ContainerSpec, own: Ownership): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, graceMs: number): Promise<void>;
  killContainer(id: string): Promise<void>;
  pauseContainer(id: string): Promise<void>;
  thawContainer(id: string): Promise<void>;
  updateContainer(id: string, limits: LimitValues): Promise<void>;
  removeContainer(id: string): Promise<void>;
  createNetwork(spec: NetworkSpec, own: Ownership, project: string): Promise<string>;
  removeNetwork(id: string): Promise<void>;
  connectNetwork(networkId: string, containerId: string): Promise<void>;
  disconnectNetwork(networkId: string, containerId: string): Promise<void>;
  createVolume(
    name: string,
    own: Ownership,
    labels: Readonly<Record<string, string>>,
  ): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** Host path of a local volume. */
  volumePath(name: string): Promise<string>;
  /** The volume `berth-<install>-runner-<digest>` filled from the runner image; made once, then found. Returns its name. */
  runnerVolume(runnerImage: string, own: Ownership): Promise<string>;
  exec(request: ExecRequest): Promise<ExecSession>;
  /** Runs a short-lived container of `image` on the host network with the given capabilities, removes it, returns its output. */
  runOnce(
    image: string,
    argv: readonly string[],
    options: Readonly<{
      capAdd: readonly string[];
      hostNetwork: boolean;
      own: Ownership;
      mounts?: ContainerSpec["mounts"];
    }>,
  ): Promise<ErrandRun>;
  /** Streams events until closed; calls `onState(false)` when the stream is lost and reconnects by itself with backoff. */
  events(
    listener: Readonly<{ onEvent(event: EngineEvent): void; onState(connected: boolean): void }>,
  ): Readonly<{ close(): void }>;
  close(): Promise<void>;
}

/** Host firewall for bridges of this install; see GROUND for why each rule exists. */
export interface FirewallDoor {
  /** Installs what is missing and verifies: returns what stands, throws `docker.firewall-failed` if it cannot. */
  ensure(): Promise<FirewallState>;
  /** Host routes (CIDRs) that a project subnet must not overlap. */
  hostRoutes(): Promise<readonly string[]>;
  /** Removes every rule of this install. */
  remove(): Promise<void>;
}

export interface FirewallState {
  readonly verified: boolean;
  readonly rules: number;
  readonly detail: string;
}
