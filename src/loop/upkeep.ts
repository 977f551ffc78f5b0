/** Upkeep: what a leader does by the clock: relists, probes its stores, verifies the firewall, enforces retention. */
import { statfs } from "node:fs/promises";
import { causeChain } from "../base/errors.ts";
import type { Session } from "./session.ts";
import { loseStrays } from "./stray-runs.ts";
import { listenForSilence, SILENCE_TURN_MS } from "./silence.ts";
import { openUsageKeeper, USAGE_SLOT_MS } from "./usage.ts";

const PROBE_MS = 1_000;
const FIREWALL_MS = 60_000;
const RETENTION_MS = 3_600_000;
const DISK_MS = 10_000;
const STRAYS_MS = 15_000;
/** Space must be this much above the reserve before it counts as enough again: a mode must not flap. */
const DISK_BACK = 1.05;

/** Starts the timers; none keeps the process alive, and none overlaps with itself. */
export function startUpkeep(session: Session, relistMs: number): Readonly<{ stop(): void }> {
  const timers = [
    every(relistMs, async () => session.triggerHost("relist"), session),
    every(PROBE_MS, () => probe(session), session),
    every(FIREWALL_MS, () => verifyFirewall(session), session),
    every(RETENTION_MS, () => retain(session), session),
    every(DISK_MS, () => lookAtDisk(session), session),
    every(STRAYS_MS, () => loseStrays(session), session),
    every(SILENCE_TURN_MS, async () => listenForSilence(session, performance.now()), session),
  ];
  const usage = openUsageKeeper(session);
  session.usage = usage;
  timers.push(every(USAGE_SLOT_MS, () => usage.turn(), session));
  void verifyFirewall(session);
  lookAtDisk(session).catch((error: unknown) =>
    session.log.warn({ chain: causeChain(error) }, "disk not looked at"),
  );
  return { stop: () => timers.forEach((timer) => clearInterval(timer)) };
}

function every(ms: number, work: () => Promise<void>, session: Session): NodeJS.Timeout {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || session.signal.aborted) return;
    busy = true;
    work()
      .catch((error: unknown) => session.log.warn({ chain: causeChain(error) }, "upkeep failed"))
      .finally(() => {
        busy = false;
      });
  }, ms);
  timer.unref();
  return timer;
}

/** Asks a store that is away whether it is back, and hands it what waited. Stores that answer are not asked. */
async function probe(session: Session): Promise<void> {
  const { modes, doors, outbox } = session;
  const asked: Promise<unknown>[] = [];
  if (modes.holds("postgres-gone")) asked.push(doors.postgres.ping().then(() => outbox.flush()));
  if (modes.holds("engine-gone"))
    asked.push(doors.engine.ping().then(() => session.triggerHost("engine answers")));
  if (outbox.waiting() > 0) asked.push(outbox.flush());
  await Promise.allSettled(asked);
}

/** Verifies the rules while any project needs them; without such a project there is nothing to guard. */
export function verifyFirewall(session: Session): Promise<void> {
  const before = verifying.get(session);
  if (before !== undefined) return before;
  const run = verifyOnce(session).finally(() => verifying.delete(session));
  verifying.set(session, run);
  return run;
}

/** Callers that come while a verification is under way share it. */
const verifying = new WeakMap<Session, Promise<void>>();

async function verifyOnce(session: Session): Promise<void> {
  const { world, doors, modes } = session;
  const needed = [...world.records.values()].some(
    ({ spec, wanted }) => spec.network.egress === "open" && wanted === "active",
  );
  try {
    // Looked up again by whoever allocates next: routes may have changed, and nobody may need them.
    world.hostRoutes = null;
    if (!needed) return modes.set("firewall-unverified", false, "no project needs it");
    const before = world.firewallVerified;
    const state = await doors.firewall.ensure();
    world.firewallVerified = state.verified;
    modes.set("firewall-unverified", !state.verified, state.detail);
    if (state.verified && !before) session.triggerHost("firewall verified");
  } catch (error) {
    world.firewallVerified = false;
    if (needed)
      modes.set(
        "firewall-unverified",
        true,
        error instanceof Error ? error.message : String(error),
      );
  }
}

async function retain(session: Session): Promise<void> {
  const { world, doors, settings } = session;
  const { outputDays, ...rows } = settings.retention;
  const deleted = await doors.postgres.enforceRetention({ epoch: world.install.epoch, ...rows });
  let freed = 0;
  for (const project of world.spools)
    freed += await doors.runners.prune(project, session.now() - outputDays * 86_400_000);
  session.log.info({ deleted, outputBytesFreed: freed }, "retention enforced");
}

/** Below the host's reserve nothing new is started; what runs goes on. */
async function lookAtDisk(session: Session): Promise<void> {
  const { world, modes } = session;
  const space = await statfs(session.spoolRoot);
  const freeBytes = space.bavail * space.bsize;
  const reserveBytes = world.host.reserve.diskBytes;
  world.disk = { freeBytes, reserveBytes };
  const before = world.diskLow;
  world.diskLow = freeBytes < reserveBytes * (before ? DISK_BACK : 1);
  modes.set(
    "disk-low",
    world.diskLow,
    `${mib(freeBytes)} MiB free, ${mib(reserveBytes)} MiB reserved; ${world.diskLow ? "nothing new is started" : "enough"}`,
  );
  if (before !== world.diskLow)
    for (const project of world.records.keys()) session.trigger(project, "disk space");
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
