/** The leader's memory: what is recorded, granted and known, rebuilt from the stores at every start. */
import type { Rest } from "../model/idle.ts";
import type { LimitValues } from "../model/desired.ts";
import type { InstallFacts } from "../model/desired-project.ts";
import type { EngineFacts, Silence } from "../model/observed.ts";
import type { Declaration, HostSpec } from "../model/project.ts";
import type { Allocation } from "../model/quota.ts";
import type { EngineDoor, FirewallDoor, ImageFacts } from "../docker/door.ts";
import type { PostgresDoor, ProjectRow, StepSettlement } from "../postgres/door.ts";
import type { Mark } from "../observe/relist.ts";
import type { RedisDoor } from "../redis/door.ts";
import type { RunnersDoor } from "../runners/door.ts";

export interface Doors {
  readonly engine: EngineDoor;
  readonly firewall: FirewallDoor;
  readonly postgres: PostgresDoor;
  readonly redis: RedisDoor;
  readonly runners: RunnersDoor;
}

export interface Fault {
  /** It is being tried again by itself: nobody has to act. */
  readonly passing: boolean;
  readonly code: string;
  readonly detail: string;
  readonly at: number;
}

/** What the idle keeper knows of one project. */
export interface Idleness {
  /** When there was work last, as far as was looked. */
  workedAt: number;
  /** What the daemon put it to, as recorded; null: it is not at rest. */
  rest: Rest | null;
  /** Why it is being woken; null: it is not. */
  waking: string | null;
  /** When it last woke; 0: never. */
  wokenAt: number;
  /** Execs that are open. */
  holds: number;
  /** A change of `rest` is on its way to the records. */
  writing: boolean;
}

export interface World {
  install: InstallFacts;
  facts: EngineFacts;
  declaration: Declaration | null;
  generation: number;
  host: HostSpec;
  readonly records: Map<string, ProjectRow>;
  readonly allocations: Map<string, Allocation>;
  /** By name and by id; forgotten whenever the engine tells of an image. */
  readonly images: Map<string, ImageFacts>;
  /** By the id that a container of ours runs on. */
  readonly imagesInUse: Map<string, ImageFacts>;
  /** Owner of a path workspace, by project. */
  readonly owners: Map<string, Readonly<{ uid: number; gid: number }>>;
  /** Limits this daemon put on a container, by container id. */
  readonly applied: Map<string, LimitValues>;
  readonly faults: Map<string, Fault>;
  /** Why each project is not simply running, from its last plan. */
  readonly waiting: Map<string, readonly string[]>;
  /** Projects with runs that have no terminal record. */
  readonly openRuns: Set<string>;
  /** Replicas (`agent#n`) whose last process ended and was not stopped by an operator, by project. */
  readonly ended: Map<string, Set<string>>;
  /** Projects whose spool directory exists. */
  readonly spools: Set<string>;
  /** When the last pass that acted had done so, in looks at the engine, by project. */
  readonly acted: Map<string, Mark>;
  /** Memory granted to a pass under way, by project. */
  readonly acting: Map<string, number>;
  /** Projects whose pass under way starts something: what the engine tells of that calls for no pass of its own. */
  readonly starting: Set<string>;
  /** Plan text that was refused, by project: not tried again until it differs or somebody changes something. */
  readonly refused: Map<string, string>;
  /** Since when the kernel has other limits than wanted, by project. */
  readonly mismatches: Map<string, number>;
  /** Projects that may rest, or do. */
  readonly idle: Map<string, Idleness>;
  /** Working sets heard of late by project, oldest first, at most CURVE_POINTS each. */
  readonly memory: Map<string, readonly Readonly<{ at: number; bytes: number }>[]>;
  /** Why secrets could not be read when they were last wanted: by project, then by name. */
  readonly secretFaults: Map<string, ReadonlyMap<string, string>>;
  /** Runners that are not heard although their containers run, by project. */
  readonly silences: Map<string, Silence>;
  /** Container repairs of late, for the delay of the next one. */
  readonly repairs: Map<string, Readonly<{ count: number; lastAt: number }>>;
  /**
   * OOM kills beyond what runners tell, by project: when the engine last told of any, the life of a container that was
   * looked into last, and how many deaths were counted.
   */
  readonly ooms: Map<string, Readonly<{ heardAt: number; counted: string | null; deaths: number }>>;
  /** When each orphan was first seen, by object id. */
  orphans: ReadonlyMap<string, number>;
  /** Orphans are being stopped or removed right now. */
  tidying: boolean;
  /** `apply --adopt` or `gc --yes` said that many orphans at once are meant. */
  orphansConfirmed: boolean;
  /** Projects whose records may be elsewhere than is remembered: they are read before anything is done for them. */
  readonly doubted: Set<string>;
  /** Subnets the engine refused: somebody else uses them. */
  readonly badSubnets: Set<string>;
  /** Outcomes of steps that the database refused to take. */
  readonly owed: StepSettlement[];
  /** Null until looked up. */
  hostRoutes: readonly string[] | null;
  firewallVerified: boolean;
  diskLow: boolean;
  /** Where the spools are, at the last look; null before it. */
  disk: Readonly<{ freeBytes: number; reserveBytes: number }> | null;
}

/** Used until a declaration says otherwise; the same numbers as the declaration's own defaults. */
const SILENT_HOST: HostSpec = {
  reserve: { cpus: 0.5, memoryBytes: 1024 ** 3, diskBytes: 5 * 1024 ** 3 },
  networkPool: "10.201.0.0/16",
  overcommit: 1,
  agents: 16,
  strategy: "weighted-round-robin",
  workspaceRoots: [],
};

export function emptyWorld(install: InstallFacts, facts: EngineFacts): World {
  return {
    install,
    facts,
    declaration: null,
    generation: 0,
    host: SILENT_HOST,
    records: new Map(),
    allocations: new Map(),
    images: new Map(),
    imagesInUse: new Map(),
    owners: new Map(),
    applied: new Map(),
    faults: new Map(),
    waiting: new Map(),
    openRuns: new Set(),
    ended: new Map(),
    spools: new Set(),
    acted: new Map(),
    acting: new Map(),
    starting: new Set(),
    refused: new Map(),
    mismatches: new Map(),
    idle: new Map(),
    memory: new Map(),
    secretFaults: new Map(),
    silences: new Map(),
    repairs: new Map(),
    ooms: new Map(),
    orphans: new Map(),
    tidying: false,
    orphansConfirmed: false,
    doubted: new Set(),
    badSubnets: new Set(),
    owed: [],
    hostRoutes: null,
    firewallVerified: false,
    diskLow: false,
    disk: null,
  };
}

/** Forgets everything about a project that is gone. */
export function forgetProject(world: World, project: string): void {
  world.records.delete(project);
  for (const map of [
    world.allocations,
    world.owners,
    world.faults,
    world.waiting,
    world.acted,
    world.acting,
    world.refused,
    world.repairs,
    world.ooms,
    world.mismatches,
    world.idle,
    world.memory,
    world.silences,
    world.secretFaults,
  ])
    map.delete(project);
  world.doubted.delete(project);
  world.openRuns.delete(project);
  world.ended.delete(project);
  world.spools.delete(project);
}

/** Takes over what Postgres has accepted. */
export async function readRecords(world: World, postgres: PostgresDoor): Promise<void> {
  const [rows, current, open] = await Promise.all([
    postgres.projects(),
    postgres.current(),
    postgres.bootsWithOpenRuns(),
  ]);
  const names = new Set(rows.map(({ name }) => name));
  for (const name of world.records.keys()) if (!names.has(name)) forgetProject(world, name);
  for (const row of rows) world.records.set(row.name, row);
  for (const { project } of open) world.openRuns.add(project);
  world.declaration = current.declaration;
  world.generation = current.generation;
  world.host = current.declaration?.host ?? SILENT_HOST;
}
