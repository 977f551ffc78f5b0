/** The daemon's life: reach the stores, wait to lead, lead until it is over, and again. Start is recovery; there is no other path. */
import { createCalm } from "./calm.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError, causeChain } from "../base/errors.ts";
import type { EngineFacts } from "../model/observed.ts";
import { createOutbox, type Outbox } from "../record/outbox.ts";
import type { Ownership } from "../docker/door.ts";
import type { RunnersDoor, RunnersListener } from "../runners/door.ts";
import { type Grounding, groundingOf } from "./ground.ts";
import { type Leading, lead } from "./lead.ts";
import { awaitLeadership, keepLeadership, type LeaderOptions } from "./leader.ts";
import { listenToRunners } from "./runner-listener.ts";
import { type DaemonState, newWake } from "./state.ts";
import { emptyWorld } from "./world.ts";

export interface LifeOptions {
  readonly state: DaemonState;
  /** Unique to this process. */
  readonly holder: string;
  readonly chance: () => number;
  openRunners(
    options: Readonly<{
      spoolRoot: string;
      epoch: number;
      listener: RunnersListener;
      calm: () => Promise<void>;
    }>,
  ): RunnersDoor;
  /** Told who we are as soon as it is known; helpers label what they make with it. */
  onIdentity(own: Ownership): void;
}

const RETRY_MS = 500;

/** Lives until the signal aborts. Never throws: whatever fails is a named mode and is tried again. */
export async function live(options: LifeOptions, signal: AbortSignal): Promise<void> {
  const { state } = options;
  while (!signal.aborted) {
    try {
      await oneLife(options, signal);
    } catch (error) {
      if (signal.aborted) return;
      state.waitingFor = error instanceof Error ? error.message : String(error);
      noteAway(error, state);
      state.log.warn({ chain: causeChain(error) }, "not leading");
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A store that cannot be reached is a mode of its own, by the door its error came from. */
function noteAway(error: unknown, state: DaemonState): void {
  if (!(error instanceof BerthError)) return;
  // A spool or runner volume under our name and another uid: a database was wiped or exchanged.
  if (error.code === "docker.name-taken") state.modes.set("foreign-install", true, error.message);
  if (error.kind !== "transient") return;
  if (error.code.startsWith("postgres.")) state.modes.set("postgres-gone", true, error.message);
  if (error.code.startsWith("docker.")) state.modes.set("engine-gone", true, error.message);
}

async function oneLife(options: LifeOptions, signal: AbortSignal): Promise<void> {
  const { state } = options;
  const { postgres, engine, settings } = state;
  await postgres.migrate();
  const { installUid } = await postgres.install(settings.install);
  // Reading is no sign that it takes writes, and without them nobody leads.
  await postgres.ping();
  state.modes.set("postgres-gone", false, "answers");
  state.installUid = installUid;
  const facts = await engine.facts();
  state.modes.set("engine-gone", false, "answers");

  setRole(state, "standby");
  const grounding = groundingOf(state, { install: settings.install, installUid });
  const leader: LeaderOptions = {
    holder: options.holder,
    postgres,
    redis: state.redis,
    floor: () => highestEpoch(state),
    obstacle: () => foreignInstall(state, installUid),
    prepare: () => grounding.ready(),
    onWaiting: (why) => {
      state.waitingFor = why;
    },
  };
  const epoch = await awaitLeadership(leader, signal);
  const own = { install: settings.install, installUid, epoch };
  options.onIdentity(own);
  const keeping = keepLeadership(leader, epoch);
  try {
    await ledBy(options, { own, facts, grounding, lost: keeping.lost }, signal);
  } finally {
    keeping.stop();
    setRole(state, "standby");
  }
}

interface Led {
  readonly own: Ownership;
  readonly facts: EngineFacts;
  readonly grounding: Grounding;
  readonly lost: Promise<string>;
}

async function ledBy(options: LifeOptions, led: Led, signal: AbortSignal): Promise<void> {
  const { state } = options;
  const { spoolRoot, install } = await led.grounding.under(led.own.epoch);
  const calm = createCalm();
  const runners = options.openRunners({
    spoolRoot,
    epoch: led.own.epoch,
    listener: listenToRunners(state),
    calm: async () => {
      if (state.session !== null) await calm(state.session);
    },
  });
  let leading: Leading | null = null;
  const stopping = new Promise<string>((resolve) =>
    signal.addEventListener("abort", () => resolve("the daemon ends"), { once: true }),
  );
  try {
    leading = await begin(options, {
      ...led,
      runners,
      spoolRoot,
      world: emptyWorld(install, led.facts),
    });
    state.session = leading.session;
    setRole(state, "leader");
    const why = await Promise.race([leading.ended, led.lost, stopping]);
    state.waitingFor = why;
    state.log.warn({ why, epoch: led.own.epoch }, "leadership over");
  } finally {
    state.session = null;
    await leading?.close("leadership over");
    await runners.close();
  }
}

function begin(
  options: LifeOptions,
  led: Led &
    Readonly<{ runners: RunnersDoor; spoolRoot: string; world: ReturnType<typeof emptyWorld> }>,
): Promise<Leading> {
  const { state } = options;
  const { engine, firewall, postgres, redis, settings, modes, log, now } = state;
  return lead({
    settings,
    doors: { engine, firewall, postgres, redis, runners: led.runners },
    world: led.world,
    spoolRoot: led.spoolRoot,
    modes,
    outbox: state.outbox,
    metrics: state.metrics,
    log,
    now,
    chance: options.chance,
    eventsWritten: () => wakeFollowers(state),
    onStream: (connected) => {
      state.streamConnected = connected;
    },
  });
}

function setRole(state: DaemonState, role: DaemonState["role"]): void {
  if (state.role !== role) state.roleSince = state.now();
  state.role = role;
  state.modes.set(
    "standby",
    role === "standby",
    role === "standby" ? "another daemon may lead" : "leads",
  );
}

function wakeFollowers(state: DaemonState): void {
  const before = state.wakeFollowers;
  state.wakeFollowers = newWake();
  before.resolve();
}

/** The highest epoch seen outside Postgres: a database restored from a backup must not lock our own runners out. */
async function highestEpoch(state: DaemonState): Promise<number> {
  const { containers } = await state.engine.snapshot();
  const labels = containers
    .filter(({ own }) => own.install === state.settings.install)
    .map(({ own }) => own.epoch ?? 0);
  return Math.max(state.reportedEpoch, 0, ...labels);
}

/** Objects with our install id under another uid belong to a database that is not this one: nobody may act beside them. */
async function foreignInstall(state: DaemonState, installUid: string): Promise<string | null> {
  const { containers, networks } = await state.engine.snapshot();
  const foreign = [...containers, ...networks].filter(
    ({ own }) => own.install === state.settings.install && own.installUid !== installUid,
  );
  const detail = `${foreign.length} objects on this engine belong to another install called ${state.settings.install} (first: ${foreign[0]?.name ?? ""})`;
  state.modes.set("foreign-install", foreign.length > 0, detail);
  return foreign.length > 0 ? detail : null;
}

/** Events wait in the outbox while nobody leads or Postgres is away. */
export function outboxOf(state: () => DaemonState): Outbox {
  return createOutbox(
    { appendEvents: (epoch, events) => state().postgres.appendEvents(epoch, events) },
    () => state().session?.world.install.epoch ?? null,
    () => wakeFollowers(state()),
  );
}
