/** The host pass: allocation over all projects, orphans, and the list of projects that need a pass of their own. */
import { statfs } from "node:fs/promises";
import { allocate, memoryBudget } from "../plan/allocate/allocate.ts";
import { reservationsOf } from "../plan/allocate/reservations.ts";
import { planOrphans } from "../plan/orphans.ts";
import { isOurs } from "../observe/belongings.ts";
import type { EngineSnapshot, InspectedContainer, ObservedContainer } from "../model/observed.ts";
import type { Demand, Reservation } from "../model/quota.ts";
import { BerthError, causeChain } from "../base/errors.ts";
import type { ProjectRow } from "../postgres/door.ts";
import { standOf } from "./idle.ts";
import { forgetUnused, knownInUse, learnImages } from "./images.ts";
import { knownGrounds, planFrom, sight } from "./plan-project.ts";
import { removeOrphans } from "./orphans.ts";
import type { Session } from "./session.ts";

/** Orphans that could not be removed are not looked at more often. */
const RETRY_ORPHANS_MS = 1_000;
/** How often the engine's whole state is read, whatever events said. */
export const RELIST_MS = 15_000;

/** One host pass. Never throws: an engine or database that is away is a mode, and the next relist tries again. */
export async function hostPass(reasons: readonly string[], session: Session): Promise<void> {
  const begun = session.now();
  try {
    const snapshot = await session.relist.fresh();
    session.modes.set("engine-gone", false, "the engine answers");
    await lookAtDisk(session);
    await grant(snapshot, session);
    await learnWished(snapshot, session);
    await triggerDrifted(snapshot, reasons, session);
    tidyBeside(snapshot, session);
    forgetGone(snapshot, session);
    session.metrics.pass("host", (session.now() - begun) / 1000, true);
  } catch (error) {
    session.metrics.pass("host", (session.now() - begun) / 1000, false);
    if (
      error instanceof BerthError &&
      error.kind === "transient" &&
      error.code.startsWith("docker.")
    ) {
      session.modes.set("engine-gone", true, error.message);
    } else if (error instanceof BerthError && error.code === "postgres.epoch-stale") {
      session.fenced(error.message);
    } else session.log.warn({ chain: causeChain(error), reasons }, "host pass failed");
  }
}

function ourContainers(snapshot: EngineSnapshot, session: Session): readonly ObservedContainer[] {
  const { install, installUid } = session.world.install;
  return snapshot.containers.filter(({ own }) => isOurs(own, install, installUid));
}

/** Inspects (from memory, mostly) every container of ours, so that what follows needs to wait for nothing. */
export async function inspectOurs(snapshot: EngineSnapshot, session: Session): Promise<Inspected> {
  const ours = ourContainers(snapshot, session);
  const inspected = new Map<string, InspectedContainer>();
  await Promise.all(
    ours.map(async ({ id }) => {
      const seen = await session.inspections.of(id);
      if (seen !== null) inspected.set(id, seen);
    }),
  );
  return { ours, inspected };
}

export interface Inspected {
  readonly ours: readonly ObservedContainer[];
  readonly inspected: ReadonlyMap<string, InspectedContainer>;
}

/** What is reserved right now. Not async: `acting` and the allocations made from this must describe one moment. */
export function reservedNow(
  { ours, inspected }: Inspected,
  session: Session,
): Readonly<{ reserved: readonly Reservation[]; incumbents: ReadonlySet<string | null> }> {
  const inFlight = [...session.world.acting].map(([project, memoryBytes]) => ({
    project,
    memoryBytes,
  }));
  return {
    reserved: reservationsOf(ours, inspected, inFlight),
    incumbents: new Set(ours.map(({ own }) => own.project)),
  };
}

async function grant(snapshot: EngineSnapshot, session: Session): Promise<void> {
  const { world } = session;
  const { reserved, incumbents } = reservedNow(await inspectOurs(snapshot, session), session);
  const demands: Demand[] = [];
  for (const { name, spec, wanted, phase } of world.records.values()) {
    if ((wanted !== "active" && wanted !== "frozen") || phase === "removing") continue;
    // What rests stopped holds no memory, and asks for it again when it is woken.
    const stand = phase === "active" ? standOf(name, world) : null;
    if (stand?.kind === "resting" && stand.rest === "stopped") continue;
    demands.push({
      project: name,
      priority: spec.priority,
      memoryBytes: spec.limits.memoryBytes,
      incumbent: incumbents.has(name),
    });
  }
  const granted = allocate(demands, reserved, memoryBudget(world.host, world.facts));
  world.allocations.clear();
  for (const allocation of granted) world.allocations.set(allocation.project, allocation);
}

/** Triggers exactly the projects whose plan is not empty on this snapshot: an idle pass asks nobody anything. */
async function triggerDrifted(
  snapshot: EngineSnapshot,
  reasons: readonly string[],
  session: Session,
): Promise<void> {
  const reason = reasons[0] ?? "relist";
  for (const record of session.world.records.values()) {
    const grounds = knownGrounds(record, session);
    const observed = await sight({ record, grounds, snapshot }, session);
    const running = knownInUse(record.name, observed.containers, session);
    const { plan } = planFrom({ record, grounds, observed, running }, session);
    session.world.waiting.set(record.name, plan.waiting);
    // A refused workspace is looked at again when somebody asks, not with every relist.
    const refused =
      session.world.faults.get(record.name)?.code.startsWith("loop.workspace-") === true;
    const groundsMissing =
      !refused &&
      session.world.allocations.get(record.name)?.admitted === true &&
      ((grounds.image === null && running === null) || grounds.subnet === null);
    if (plan.steps.length > 0 || groundsMissing) session.trigger(record.name, reason);
    attachIfRunning(record, { containers: observed.containers, at: snapshot.at }, session);
  }
}

/** Asks for each unknown image once, so that neither a start of the daemon nor a build beside it costs every project a pass. */
async function learnWished(snapshot: EngineSnapshot, session: Session): Promise<void> {
  const wished = [...session.world.records.values()].filter(({ wanted }) => wanted === "active");
  const names = wished.map(({ spec }) => spec.image);
  await learnImages(names, ourContainers(snapshot, session), session);
}

function attachIfRunning(
  { name, journalSeq }: ProjectRow,
  { containers, at: snapshotAt }: Pick<EngineSnapshot, "containers" | "at">,
  session: Session,
): void {
  const live = containers.find(({ state }) => state === "running" || state === "paused");
  if (live === undefined) return;
  session.doors.runners.setFrozen(name, live.state === "paused", snapshotAt);
  session.doors.runners.attach(name, journalSeq);
}

async function lookAtDisk(session: Session): Promise<void> {
  const { world, modes } = session;
  const space = await statfs(session.spoolRoot);
  const free = space.bavail * space.bsize;
  const needed = world.host.reserve.diskBytes;
  world.diskLow = free < needed;
  modes.set(
    "disk-low",
    world.diskLow,
    `${Math.round(free / 1024 ** 2)} MiB free, ${Math.round(needed / 1024 ** 2)} MiB reserved`,
  );
}

/** Beside the pass, one at a time: an orphan that ignores SIGTERM must not hold up anybody's admission. */
function tidyBeside(snapshot: EngineSnapshot, session: Session): void {
  const { world } = session;
  if (world.tidying) return;
  world.tidying = true;
  tidyOrphans(snapshot, session)
    .catch((error: unknown) => session.log.warn({ chain: causeChain(error) }, "orphans not tidied"))
    .finally(() => {
      world.tidying = false;
    });
}

async function tidyOrphans(snapshot: EngineSnapshot, session: Session): Promise<void> {
  const { world, modes } = session;
  const verdict = planOrphans(snapshot, {
    install: world.install,
    projects: new Set(world.records.keys()),
    now: session.now(),
    graceMs: session.settings.orphanGraceMs,
    firstSeen: world.orphans,
    confirmed: world.orphansConfirmed,
  });
  world.orphans = verdict.firstSeen;
  if (verdict.orphans.length === 0) world.orphansConfirmed = false;
  modes.set(
    "mass-orphans",
    verdict.kind === "mass-orphans",
    verdict.kind === "mass-orphans" ? `${verdict.detail}; \`berth gc\` lists them` : "",
  );
  if (verdict.kind === "plan" && verdict.steps.length > 0)
    await removeOrphans(verdict.steps, session);
  if (verdict.kind === "plan" && verdict.orphans.length > 0)
    session.triggerHost(
      "an orphan's grace ends",
      Math.max(RETRY_ORPHANS_MS, session.settings.orphanGraceMs),
    );
}

function forgetGone(snapshot: EngineSnapshot, session: Session): void {
  const ids = new Set(snapshot.containers.map(({ id }) => id));
  session.inspections.keepOnly(ids);
  forgetUnused(snapshot, session);
  for (const id of session.world.applied.keys()) if (!ids.has(id)) session.world.applied.delete(id);
}
