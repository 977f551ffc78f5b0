/** What one snapshot and the runners say of one project. */
import type { LimitValues } from "../model/desired.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { EngineSnapshot, InspectedContainer, RunnerReport } from "../model/observed.ts";
import { belongingsOf, foreignTo } from "./belongings.ts";

export interface ProjectSight {
  readonly project: string;
  readonly install: string;
  readonly installUid: string;
  readonly snapshot: EngineSnapshot;
  readonly inspect: (containerId: string) => Promise<InspectedContainer | null>;
  readonly runner: RunnerReport | null;
  readonly runnerConnected: boolean;
  readonly spoolReady: boolean;
  readonly firewallVerified: boolean;
  readonly diskLow: boolean;
  readonly imageKnown: boolean;
  readonly workers: readonly string[];
  readonly hasOpenRuns: boolean;
  readonly subnet: string | null;
  readonly appliedLimits: (containerId: string) => LimitValues | null;
}

/** Gathers; chooses nothing. Inspects only containers of this project that are not remembered. */
export async function observeProject(sight: ProjectSight): Promise<ObservedProject> {
  const { project, snapshot } = sight;
  const { containers, networks, volumes } = belongingsOf(project, sight, snapshot);
  const inspected = await Promise.all(containers.map(({ id }) => sight.inspect(id)));
  const live = containers.find(({ state }) => state === "running" || state === "paused");
  return {
    containers,
    networks,
    volumes,
    foreign: foreignTo(project, sight, snapshot),
    inspected: inspected.filter((each) => each !== null),
    runner: sight.runner,
    runnerConnected: sight.runnerConnected,
    spoolReady: sight.spoolReady,
    firewallVerified: sight.firewallVerified,
    diskLow: sight.diskLow,
    imageKnown: sight.imageKnown,
    workers: sight.workers,
    hasOpenRuns: sight.hasOpenRuns,
    subnet: sight.subnet,
    memoryUsageBytes: sight.runner?.sample?.memoryWorkingSetBytes ?? null,
    appliedLimits: live === undefined ? null : sight.appliedLimits(live.id),
  };
}
