/** Arbitrary worlds for properties, and walking a plan through one with a tape of choices for everything left to chance. */
import * as fc from "fast-check";
import {
  mayMove,
  PHASES,
  phaseOnIntent,
  settledPhase,
  type Phase,
  type Wanted,
} from "../../src/model/lifecycle.ts";
import type { ProjectRecord } from "../../src/model/project-record.ts";
import type { Plan, Step } from "../../src/model/step.ts";
import { AS_CREATED, type PinnedValues } from "../../src/model/pinned.ts";
import { tmpfsBudget } from "../../src/model/tmpfs.ts";
import { isLive } from "../../src/plan/live.ts";
import {
  changeContainer,
  die,
  NOTHING,
  type FakeContainer,
  type FakeEngine,
} from "./fake-engine.ts";
import { act, grants, think, tick, type Host } from "./fake-host.ts";
import { desired, MIB, sampleAgent, sampleRecord, sampleSpec } from "./project-samples.ts";

/** Choices made in advance, so that fast-check can shrink them; an empty tape always says 0. */
export class Tape {
  #at = 0;
  readonly #choices: readonly number[];
  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }
  next(below: number): number {
    const choice = this.#choices[this.#at] ?? 0;
    this.#at += 1;
    return choice % Math.max(1, below);
  }
}

export const tapes = fc.array(fc.nat({ max: 1_000 }), { maxLength: 60 });

const STATES = [
  "created",
  "running",
  "paused",
  "restarting",
  "removing",
  "exited",
  "dead",
] as const;

export function records(name: string, subnet: string): fc.Arbitrary<ProjectRecord> {
  return fc
    .record({
      wanted: fc.constantFrom(
        "active",
        "active",
        "active",
        "frozen",
        "stopped",
        "inactive",
        "completed",
        "removed",
      ),
      phase: fc.constantFrom(...PHASES.filter((phase) => phase !== "removed")),
      removeVolumes: fc.boolean(),
      image: fc.constantFrom("node:26", "node:27"),
      memory: fc.constantFrom(256, 512, 1024),
      priority: fc.constantFrom(100, 500, 750),
      egress: fc.constantFrom("none", "open"),
      replicas: fc.constantFrom(0, 1, 2),
    })
    .filter(({ wanted, phase }) => phase === "removing" || isRecordable(wanted, phase))
    .map(({ wanted, phase, removeVolumes, image, memory, priority, egress, replicas }) => {
      const limits = { ...sampleSpec().limits, memoryBytes: memory * MIB };
      const agents = { beat: sampleAgent("beat", { replicas }) };
      const spec = sampleSpec({ name, image, priority, limits, network: { egress }, agents });
      return sampleRecord({ name, spec, wanted, phase, removeVolumes, subnet, generation: 2 });
    });
}

/** Pairs that a record can hold: where the lifecycle knows no way, the verb was refused. */
function isRecordable(wanted: Wanted, phase: Phase): boolean {
  const way = phaseOnIntent(phase, wanted);
  return mayMove(phase, settledPhase(wanted)) || (way !== null && mayMove(phase, way));
}

interface Scrap {
  readonly named: boolean;
  readonly state: FakeContainer["state"];
  readonly current: boolean;
  readonly memory: number;
  /** Somebody changed what no declaration speaks of. */
  readonly touched: boolean;
  readonly attached: readonly string[];
}

/** All that `docker update` can change beside limits. */
export const TOUCHED: PinnedValues = {
  swapBytes: null,
  restartPolicy: "always",
  cpuset: "0",
  reservationBytes: 50 * MIB,
};

/** Mostly `usual`: worlds with one thing wrong find more than worlds where everything is. */
function mostly<const T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(usual, ...others) },
  );
}

const scraps: fc.Arbitrary<Scrap> = fc.record({
  named: mostly(true, false),
  state: mostly<FakeContainer["state"]>("running", ...STATES),
  current: mostly(true, false),
  memory: fc.constantFrom(256, 512, 1024),
  touched: mostly(false, true),
  attached: fc.oneof(fc.constant(["own"]), fc.subarray(["own", "extra", "foreign", "gone"])),
});

/** What an engine may hold of one project, however it came to be so. Objects of others lie around as well. */
export function leftovers(record: ProjectRecord, maxContainers = 3): fc.Arbitrary<FakeEngine> {
  const { name } = record;
  const wish = desired({ ...record, wanted: "active", phase: "active" });
  return fc
    .record({
      containers: fc.array(scraps, { maxLength: maxContainers }),
      network: mostly<"right" | "none" | "subnet" | "egress">("right", "none", "subnet", "egress"),
      extra: mostly(false, true),
      volumes: mostly(true, false),
      spool: mostly("current", "none", "empty"),
      runner: mostly("current", "silent", "empty"),
      openRuns: fc.boolean(),
      pulled: mostly(true, false),
      usage: fc.constantFrom(0, 100, 450),
    })
    .map((parts) => {
      const spec = wish.network;
      if (spec === null || wish.container === null || wish.runnerConfig === null)
        throw new Error("sample is not complete");
      const own = { ...spec, id: `own-${name}`, project: name };
      const drifted = {
        right: own,
        subnet: { ...own, subnet: `10.9.9.0/28-${name}` },
        egress: { ...own, egress: spec.egress === "none" ? "open" : "none" },
      };
      const networks = [
        ...(parts.network === "none" ? [] : [drifted[parts.network]]),
        ...(parts.extra
          ? [
              {
                ...own,
                id: `extra-${name}`,
                name: `${spec.name}-extra`,
                subnet: `10.8.8.0/28-${name}`,
              },
            ]
          : []),
        {
          id: `foreign-${name}`,
          name: `foreign-${name}`,
          project: null,
          subnet: `10.7.7.0/28-${name}`,
          egress: "open",
          bridge: "br0",
        },
      ];
      const template: FakeContainer = {
        id: "",
        name: wish.objectName,
        project: name,
        image: wish.image,
        imageId: "sha256:1",
        state: "running",
        specHash: wish.container.specHash,
        generation: 2,
        limits: wish.container.limits,
        pinned: AS_CREATED,
        tmpfsBytes: 0,
        networkIds: [],
        networkName: spec.name,
        exitCode: null,
        createdAt: 0,
      };
      let named = false;
      const containers = parts.containers.map((scrap, at) => {
        const holdsName = scrap.named && !named;
        named ||= holdsName;
        const networkIds = scrap.attached.map((kind) => `${kind}-${name}`);
        return {
          ...template,
          id: `old-${name}-${at}`,
          name: holdsName ? wish.objectName : `${wish.objectName}-other${at}`,
          state: scrap.state,
          specHash: scrap.current ? template.specHash : "image.other",
          limits: { ...template.limits, memoryBytes: scrap.memory * MIB },
          pinned: scrap.touched ? TOUCHED : AS_CREATED,
          // As if it had been created with this limit.
          tmpfsBytes: tmpfsBudget(scrap.memory * MIB),
          // A live container cannot be on a network that does not exist.
          networkIds: isLive(scrap.state)
            ? networkIds.filter((id) => networks.some((network) => network.id === id))
            : networkIds,
          createdAt: at,
        };
      });
      const live = containers.some(({ state }) => isLive(state));
      const hash = parts.runner === "current" ? wish.runnerConfig.hash : null;
      return {
        ...NOTHING,
        images: parts.pulled
          ? { "node:26": "sha256:1", "node:27": "sha256:1" }
          : { "node:26": "sha256:1" },
        containers: [
          ...containers,
          { ...template, id: `foreign-${name}`, name: `somebody-${name}`, project: null },
        ],
        networks,
        volumes: [
          { name: `somebody-${name}`, project: null },
          ...(parts.volumes || live
            ? wish.volumes.map((volume) => ({ name: volume.name, project: name }))
            : []),
        ],
        spools:
          parts.spool === "none"
            ? {}
            : { [name]: parts.spool === "current" ? wish.runnerConfig : null },
        runners: live && parts.runner !== "silent" ? { [name]: { hash } } : {},
        usageBytes: parts.usage * MIB,
        openRuns: parts.openRuns ? [name] : [],
      };
    });
}

/** Several engines' objects on one. */
export function together(engines: readonly FakeEngine[]): FakeEngine {
  return engines.reduce((all, each) => ({
    ...all,
    images: { ...all.images, ...each.images },
    containers: [...all.containers, ...each.containers],
    networks: [...all.networks, ...each.networks],
    volumes: [...all.volumes, ...each.volumes],
    spools: { ...all.spools, ...each.spools },
    runners: { ...all.runners, ...each.runners },
    openRuns: [...all.openRuns, ...each.openRuns],
  }));
}

export interface Walk {
  readonly tape: Tape;
  /** Stop after this many steps, as a crash would; absent: walk to the end. */
  readonly crashAfter?: number;
  /** One step in so many has its effect but its answer is lost, so nothing after it happens. */
  readonly loseOneIn?: number;
  /** Called after every step that changed something; throws when a promise is broken. */
  readonly watch?: (before: Host, after: Host, step: Step) => void;
  /** Somebody else's doing between two steps. */
  readonly meddle?: (host: Host) => Host;
}

/** Walks several plans at once, taking any step whose predecessors are done: every interleaving is some tape. */
export function walk(
  start: Host,
  plans: readonly Plan[],
  { tape, crashAfter, loseOneIn, watch, meddle }: Walk,
): Host {
  let host = start;
  let walked = 0;
  const open = plans.flatMap((plan, at) => plan.steps.map((step) => ({ at, step })));
  const finished = new Set<string>();
  for (;;) {
    const ready = open.filter(({ at, step }) =>
      step.after.every((id) => finished.has(`${at}/${id}`)),
    );
    if (ready.length === 0 || walked === crashAfter) return host;
    const chosen = ready[tape.next(ready.length)];
    if (chosen === undefined) return host;
    open.splice(open.indexOf(chosen), 1);
    const after = act(host, chosen.step);
    walked += 1;
    if (after !== null) {
      watch?.(host, after, chosen.step);
      host = after;
      const lost = loseOneIn !== undefined && tape.next(loseOneIn) === 1;
      if (!lost) finished.add(`${chosen.at}/${chosen.step.id}`);
    }
    host = meddle?.(host) ?? host;
  }
}

/** Subnets are allocated before a pass, runners connect by themselves, containers on their way out go. */
export function settleTime(host: Host, subnets: Readonly<Record<string, string>>): Host {
  const { engine, records: rows } = tick(host);
  const answering = engine.containers.filter(
    ({ project, state }) =>
      project !== null && state === "running" && engine.runners[project] === undefined,
  );
  const heard = answering.map(
    ({ project }) => [project, { hash: engine.spools[project ?? ""]?.hash ?? null }] as const,
  );
  return {
    ...host,
    engine: { ...engine, runners: { ...engine.runners, ...Object.fromEntries(heard) } },
    records: rows.map((row) => {
      const present =
        row.phase !== "removing" &&
        (row.wanted === "active" || row.wanted === "frozen" || row.wanted === "stopped");
      return present && row.subnet === null ? { ...row, subnet: subnets[row.name] ?? null } : row;
    }),
  };
}

/** Plans for every project under one allocation, as a host pass and its project passes make them. */
export function planAll(host: Host): readonly Plan[] {
  const allocations = grants(host);
  return host.records.map((record) => think(host, record, allocations).plan);
}

/** Every name means another image than it did. */
export const MOVED = { "node:26": "sha256:moved", "node:27": "sha256:moved" };

/** Somebody with a Docker client: stops, kills, removes, freezes, updates, disconnects, renames, takes images' names away or moves them. */
export function meddleWith(host: Host, tape: Tape): Host {
  const { engine } = host;
  const ours = engine.containers.filter(
    ({ project, state }) => project !== null && state !== "removing",
  );
  const victim = ours[tape.next(ours.length)];
  if (victim === undefined || tape.next(3) !== 1) return host;
  const changed = (change: Partial<FakeContainer>): Host => ({
    ...host,
    engine: changeContainer(engine, victim.id, change),
  });
  switch (tape.next(10)) {
    case 0:
      return isLive(victim.state) ? { ...host, engine: die(engine, victim.id, 137) } : host;
    case 1:
      return {
        ...host,
        engine: {
          ...die(engine, victim.id, 137),
          containers: engine.containers.filter(({ id }) => id !== victim.id),
        },
      };
    case 2:
      return victim.state === "running" ? changed({ state: "paused" }) : host;
    case 3:
      return victim.state === "paused" ? changed({ state: "running" }) : host;
    case 4:
      return changed({ limits: { ...victim.limits, memoryBytes: 2048 * MIB } });
    case 5:
      return changed({ networkIds: [], networkName: null });
    case 6:
      return { ...host, engine: { ...engine, images: {} } };
    case 7:
      return { ...host, engine: { ...engine, images: MOVED } };
    case 8:
      return changed({ pinned: TOUCHED });
    default:
      return changed({ name: `${victim.name}-renamed` });
  }
}
