/** A fake host for properties: projects on a fake engine, looked at and planned for as the loop does, without waiting. */
import { desireProject } from "../../src/desired/desire.ts";
import type { ImageDefaults } from "../../src/desired/runner-config.ts";
import type { DesiredProject } from "../../src/model/desired-project.ts";
import { mayMove } from "../../src/model/lifecycle.ts";
import type { ObservedContainer, OwnLabels } from "../../src/model/observed.ts";
import type { ObservedProject } from "../../src/model/observed-project.ts";
import type { ProjectRecord } from "../../src/model/project-record.ts";
import type { Allocation } from "../../src/model/quota.ts";
import type { Plan, Step } from "../../src/model/step.ts";
import { allocate } from "../../src/plan/allocate/allocate.ts";
import { reservationsOf } from "../../src/plan/allocate/reservations.ts";
import { checkPlan } from "../../src/plan/checks.ts";
import { converge } from "../../src/plan/converge/converge.ts";
import { isLive } from "../../src/plan/live.ts";
import { wishesBy, wishToMeet } from "../../src/plan/meet.ts";
import { renderPlan } from "../../src/plan/render.ts";
import { applyStep, type FakeContainer, type FakeEngine } from "./fake-engine.ts";
import { INSTALL, imageOf } from "./project-samples.ts";
import { readyReport } from "./runner-report.ts";

export interface Host {
  readonly engine: FakeEngine;
  readonly records: readonly ProjectRecord[];
  readonly budgetBytes: number;
}

export interface Thought {
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
  readonly plan: Plan;
}

/** What the allocation of a host pass would be now. */
export function grants({ engine, records, budgetBytes }: Host): readonly Allocation[] {
  const ours = engine.containers.filter(({ project }) => project !== null).map(seenContainer);
  const inspected = new Map(engine.containers.map((each) => [each.id, inspectedOf(each)]));
  const demands = records
    .filter(({ wanted, phase }) => wanted === "active" && phase !== "removing")
    .map(({ name, spec }) => ({
      project: name,
      priority: spec.priority,
      memoryBytes: spec.limits.memoryBytes,
      incumbent: ours.some(({ own }) => own.project === name),
    }));
  return allocate(demands, reservationsOf(ours, inspected, []), budgetBytes);
}

/** Looks, desires and plans for one project; an unsound plan fails the test. */
export function think(
  host: Host,
  record: ProjectRecord,
  allocations: readonly Allocation[],
): Thought {
  const observed = look(host, record);
  const { declared, running } = imagesOf(record, observed, host.engine);
  const by = (image: ImageDefaults | null): DesiredProject =>
    desireProject(record, INSTALL, {
      image,
      allocation: allocations.find(({ project }) => project === record.name) ?? null,
      workspaceOwner: null,
      idle: null,
    });
  const desired = wishToMeet(wishesBy({ declared, running }, by), observed);
  const plan = converge(desired, observed);
  const faults = checkPlan(plan, desired, observed);
  if (faults.length > 0) throw new Error(`${faults.join("; ")}\n${renderPlan(plan)}`);
  return { desired, observed, plan };
}

/** The image that is declared, and the one its container runs on. */
function imagesOf(
  { name, spec }: ProjectRecord,
  { containers }: Pick<ObservedProject, "containers">,
  { images }: FakeEngine,
): Readonly<{ declared: ImageDefaults | null; running: ImageDefaults | null }> {
  const objectName = `berth-${INSTALL.install}-${name}`;
  const own = containers.find((each) => each.name === objectName && each.state !== "removing");
  const declared = images[spec.image];
  return {
    declared: declared === undefined ? null : imageOf(declared),
    running: own === undefined ? null : imageOf(own.imageId),
  };
}

/** One step's effect on the host; null when it was refused. */
export function act(host: Host, step: Step): Host | null {
  const effect = applyStep(host.engine, step);
  if (!effect.ok) return null;
  const records = host.records.flatMap((record) => {
    if (record.name !== step.project) return [record];
    if (step.kind === "release-subnet") return [{ ...record, subnet: null }];
    if (step.kind !== "settle-phase" || record.phase !== step.from) return [record];
    if (!mayMove(step.from, step.to)) throw new Error(`illegal move ${step.from} to ${step.to}`);
    return step.to === "removed" ? [] : [{ ...record, phase: step.to }];
  });
  return { ...host, engine: effect.engine, records };
}

/** What time alone does: containers on their way out are gone, restarting ones run. */
export function tick(host: Host): Host {
  const containers = host.engine.containers
    .filter(({ state }) => state !== "removing")
    .map((each) => (each.state === "restarting" ? { ...each, state: "running" as const } : each));
  return { ...host, engine: { ...host.engine, containers } };
}

function look({ engine }: Host, { name, subnet, spec: { image } }: ProjectRecord): ObservedProject {
  const objectName = `berth-${INSTALL.install}-${name}`;
  const containers = engine.containers.filter(({ project }) => project === name);
  const taken = (objects: readonly Readonly<{ name: string; project: string | null }>[]): boolean =>
    objects.some((each) => each.name === objectName && each.project !== name);
  const report = engine.runners[name];
  return {
    containers: containers.map(seenContainer),
    networks: engine.networks
      .filter(({ project }) => project === name)
      .map(({ id, egress, bridge, ...network }) => ({
        id,
        name: network.name,
        own: ownOf({ project: name, specHash: "", generation: 0 }),
        subnet: network.subnet,
        internal: egress === "none",
        bridge,
        egress,
      })),
    volumes: engine.volumes.filter(({ project }) => project === name).map((volume) => volume.name),
    foreign: {
      container: taken(engine.containers),
      network: taken(engine.networks),
      volumes: engine.volumes
        .filter((volume) => volume.name.startsWith(`${objectName}.`) && volume.project !== name)
        .map((volume) => volume.name),
    },
    inspected: containers.map(inspectedOf),
    runner:
      report === undefined
        ? null
        : readyReport(name, { epoch: INSTALL.epoch, configHash: report.hash }),
    runnerConnected: report !== undefined,
    spoolReady: engine.spools[name] !== undefined,
    firewallVerified: true,
    diskLow: false,
    imageKnown: engine.images[image] !== undefined,
    workers: [],
    hasOpenRuns: engine.openRuns.includes(name),
    subnet,
    memoryUsageBytes: engine.usageBytes,
    appliedLimits: null,
  };
}

/** Live containers of a project: the number that must never be two. */
export function liveOf(engine: FakeEngine, project: string): readonly FakeContainer[] {
  return engine.containers.filter((each) => each.project === project && isLive(each.state));
}

function seenContainer(container: FakeContainer): ObservedContainer {
  const { id, name, image, imageId, state, networkIds, networkName, createdAt } = container;
  return {
    id,
    name,
    image,
    imageId,
    state,
    own: ownOf(container),
    networkIds,
    networkNames: networkName === null ? [] : [networkName],
    createdAt,
  };
}

function ownOf({
  project,
  specHash,
  generation,
}: Readonly<{ project: string | null; specHash: string; generation: number }>): OwnLabels {
  return {
    install: INSTALL.install,
    installUid: INSTALL.installUid,
    project,
    generation,
    specHash,
    epoch: INSTALL.epoch,
  };
}

function inspectedOf({
  id,
  limits,
  pinned,
  tmpfsBytes,
  exitCode,
}: FakeContainer): ObservedProject["inspected"][number] {
  const silent = {
    stopTimeoutSeconds: 15,
    pid: 1,
    startedAt: "",
    oomKilled: false,
    restartCount: 0,
  };
  return { id, limits, pinned, tmpfsBytes, exitCode, ...silent };
}
