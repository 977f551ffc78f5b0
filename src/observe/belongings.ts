/** What of a snapshot belongs to which project, sorted once a snapshot: a hundred projects that each search it look ten thousand times. */
import type {
  EngineSnapshot,
  ObservedContainer,
  ObservedNetwork,
  OwnLabels,
} from "../model/observed.ts";

export interface Whose {
  readonly install: string;
  readonly installUid: string;
}

export interface Belongings {
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedNetwork[];
  /** Names. */
  readonly volumes: readonly string[];
}

interface Named {
  readonly name: string;
  readonly own: OwnLabels;
}

interface Sorted extends Whose {
  readonly byProject: ReadonlyMap<string, Belongings>;
  /** Objects under a project's name that are not that project's: hardly ever any. */
  readonly misnamed: Readonly<Record<"containers" | "networks" | "volumes", readonly Named[]>>;
}

const NOTHING: Belongings = { containers: [], networks: [], volumes: [] };
/** Snapshots are never changed, only replaced. */
const known = new WeakMap<EngineSnapshot, Sorted>();

/** Whether an object bears our install id and uid: only those are ours. */
export function isOurs(own: OwnLabels, install: string, installUid: string): boolean {
  return own.install === install && own.installUid === installUid;
}

/** The objects that bear our labels and the project's. */
export function belongingsOf(project: string, whose: Whose, snapshot: EngineSnapshot): Belongings {
  return sorted(snapshot, whose).byProject.get(project) ?? NOTHING;
}

/** What took the project's names without being its own. */
export function foreignTo(
  project: string,
  whose: Whose,
  snapshot: EngineSnapshot,
): Readonly<{ container: boolean; network: boolean; volumes: readonly string[] }> {
  const { containers, networks, volumes } = sorted(snapshot, whose).misnamed;
  const name = `berth-${whose.install}-${project}`;
  return {
    container: containers.some((each) => each.name === name),
    network: networks.some((each) => each.name === name),
    volumes: volumes.flatMap((each) => (each.name.startsWith(`${name}.`) ? [each.name] : [])),
  };
}

function sorted(snapshot: EngineSnapshot, { install, installUid }: Whose): Sorted {
  const before = known.get(snapshot);
  if (before?.install === install && before.installUid === installUid) return before;
  const prefix = `berth-${install}-`;
  const projectOf = ({ own }: Named): string | null =>
    isOurs(own, install, installUid) ? own.project : null;
  const grouped = <T extends Named>(objects: readonly T[]): ReadonlyMap<string | null, T[]> =>
    Map.groupBy(objects, projectOf);
  const [containers, networks, volumes] = [
    grouped(snapshot.containers),
    grouped(snapshot.networks),
    grouped(snapshot.volumes),
  ];
  const byProject = new Map<string, Belongings>();
  for (const project of new Set([...containers.keys(), ...networks.keys(), ...volumes.keys()]))
    if (project !== null)
      byProject.set(project, {
        containers: containers.get(project) ?? [],
        networks: networks.get(project) ?? [],
        volumes: (volumes.get(project) ?? []).map(({ name }) => name),
      });
  const misnamed = (objects: readonly Named[], end: RegExp): readonly Named[] =>
    objects.filter(
      (each) =>
        each.name.startsWith(prefix) &&
        each.name.slice(prefix.length).replace(end, "") !== projectOf(each),
    );
  const made: Sorted = {
    install,
    installUid,
    byProject,
    misnamed: {
      containers: misnamed(snapshot.containers, NO_END),
      networks: misnamed(snapshot.networks, NO_END),
      volumes: misnamed(snapshot.volumes, VOLUME_END),
    },
  };
  known.set(snapshot, made);
  return made;
}

const NO_END = /$/;
/** Volumes are called `<project>.<name>`; a project's name holds no dot. */
const VOLUME_END = /\..*$/;
