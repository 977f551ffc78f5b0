/** What one snapshot and the runners say of one project. */
import type { LimitValues } from "../model/desired.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type {
  EngineSnapshot,
  InspectedContainer,
  OwnLabels,
  RunnerReport,
} from "../model/observed.ts";

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
  readonly hasOpenRuns: boolean;
  readonly subnet: string | null;
  readonly appliedLimits: (containerId: string) => LimitValues | null;
}

/** Whether an object bears our install id and uid: only those are ours. */
export function isOurs(own: OwnLabels, install: string, installUid: string): boolean {
  return own.install === install && own.installUid === installUid;
}

/** Gathers; chooses nothing. Inspects only containers of this project that are not remembered. */
export async function observeProject(sight: ProjectSight): Promise<ObservedProject> {
  const { project, snapshot } = sight;
  const mine = (own: OwnLabels): boolean =>
    isOurs(own, sight.install, sight.installUid) && own.project === project;
  const name = `berth-${sight.install}-${project}`;
  const containers = snapshot.containers.filter(({ own }) => mine(own));
  const inspected = await Promise.all(containers.map(({ id }) => sight.inspect(id)));
  const live = containers.find(({ state }) => state === "running" || state === "paused");
  return {
    containers,
    networks: snapshot.networks.filter(({ own }) => mine(own)),
    volumes: snapshot.volumes.filter(({ own }) => mine(own)).map((volume) => volume.name),
    foreign: {
      container: snapshot.containers.some(
        (container) => container.name === name && !mine(container.own),
      ),
      network: snapshot.networks.some((network) => network.name === name && !mine(network.own)),
      volumes: snapshot.volumes
        .filter((volume) => volume.name.startsWith(`${name}.`) && !mine(volume.own))
        .map((volume) => volume.name),
    },
    inspected: inspected.filter((each) => each !== null),
    runner: sight.runner,
    runnerConnected: sight.runnerConnected,
    spoolReady: sight.spoolReady,
    firewallVerified: sight.firewallVerified,
    diskLow: sight.diskLow,
    imageKnown: sight.imageKnown,
    hasOpenRuns: sight.hasOpenRuns,
    subnet: sight.subnet,
    memoryUsageBytes: sight.runner?.sample?.memoryWorkingSetBytes ?? null,
    appliedLimits: live === undefined ? null : sight.appliedLimits(live.id),
  };
}
