/** What one snapshot and the runners say of one project. */
import type { LimitValues } from "../model/desired.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { EngineSnapshot, InspectedContainer } from "../model/observed.ts";
import { belongingsOf, foreignTo } from "./belongings.ts";

/** What is found in the snapshot, or asked of the engine. */
type Found = Pick<
  ObservedProject,
  | "containers"
  | "networks"
  | "volumes"
  | "foreign"
  | "inspected"
  | "memoryUsageBytes"
  | "appliedLimits"
>;

export interface ProjectSight {
  readonly project: string;
  readonly install: string;
  readonly installUid: string;
  readonly snapshot: EngineSnapshot;
  readonly inspect: (containerId: string) => Promise<InspectedContainer | null>;
  readonly appliedLimits: (containerId: string) => LimitValues | null;
  /** What is known without the engine. */
  readonly known: Omit<ObservedProject, keyof Found>;
}

/** Gathers; chooses nothing. Inspects only containers of this project that are not remembered. */
export async function observeProject(sight: ProjectSight): Promise<ObservedProject> {
  const { project, snapshot, known } = sight;
  const { containers, networks, volumes } = belongingsOf(project, sight, snapshot);
  const inspected = await Promise.all(containers.map(({ id }) => sight.inspect(id)));
  const live = containers.find(({ state }) => state === "running" || state === "paused");
  return {
    ...known,
    containers,
    networks,
    volumes,
    foreign: foreignTo(project, sight, snapshot),
    inspected: inspected.filter((each) => each !== null),
    memoryUsageBytes: known.runner?.sample?.memoryWorkingSetBytes ?? null,
    appliedLimits: live === undefined ? null : sight.appliedLimits(live.id),
  };
}
