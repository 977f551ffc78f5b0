/** What one project is to be: everything `plan` compares the observed project with. */
import type { ContainerSpec, ContainerWish, NetworkSpec, RunnerConfig } from "./desired.ts";
import type { IdleStand } from "./idle.ts";
import type { Phase, Wanted } from "./lifecycle.ts";
import type { Egress } from "./project.ts";

/** The install that desires: who we are and what every container of ours mounts. */
export interface InstallFacts {
  readonly install: string;
  readonly installUid: string;
  readonly epoch: number;
  /** Common prefix of our bridges' names, at most 10 characters; the host firewall matches it. */
  readonly bridgePrefix: string;
  readonly spoolVolume: string;
  readonly runnerVolume: string;
}

export interface DesiredVolume {
  /** `berth-<install>-<project>.<key>`. */
  readonly name: string;
  readonly key: string;
}

export interface DesiredProject {
  readonly project: string;
  readonly generation: number;
  readonly wanted: Wanted;
  readonly phase: Phase;
  readonly wish: ContainerWish;
  /** Null: neither at rest nor waking. */
  readonly idle: IdleStand | null;
  readonly image: string;
  /** Id of the image that all this was derived from; null while it is not known. */
  readonly imageId: string | null;
  readonly egress: Egress;
  /** Names its container and network have; anything there that is not ours blocks a create. */
  readonly objectName: string;
  /** Null when nothing is to run, or when the image or the subnet is not known yet. */
  readonly container: ContainerSpec | null;
  readonly network: NetworkSpec | null;
  readonly volumes: readonly DesiredVolume[];
  readonly runnerConfig: RunnerConfig | null;
  /** False: nothing may be started for it now (capacity). */
  readonly admitted: boolean;
  /** What it waits for, for people; also filled when it runs with less than it asks for. */
  readonly waiting: readonly string[];
  readonly removeVolumes: boolean;
  /** How long a stop may take: the longest agent's grace and 5 s for the runner. */
  readonly stopGraceMs: number;
}
