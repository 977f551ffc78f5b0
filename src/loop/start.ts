/** Starting the daemon: its state, its answers, its life. */
import { causeChain } from "../base/errors.ts";
import type { Log } from "../report/log.ts";
import { openMetrics } from "../report/metrics.ts";
import type { Daemon } from "./daemon.ts";
import { type LifeOptions, live, outboxOf } from "./life.ts";
import { LEASE_TOPIC } from "./leader.ts";
import { measured } from "./measured.ts";
import { createModes } from "./modes.ts";
import { serve } from "./serve/serve.ts";
import type { Settings } from "./settings.ts";
import { shareStatus } from "./standby.ts";
import { type DaemonState, newWake } from "./state.ts";

export interface StartOptions extends Omit<LifeOptions, "state"> {
  readonly settings: Settings;
  readonly log: Log;
  readonly now: () => number;
  readonly doors: Pick<DaemonState, "engine" | "firewall" | "postgres" | "redis">;
  breakers(): readonly Readonly<{ name: string; state: "closed" | "open" | "half-open" }>[];
}

export interface StartedDaemon {
  readonly daemon: Daemon;
  /** For the docker door's duration histogram. */
  engineRequest(operation: string, seconds: number, ok: boolean): void;
  /** Ends leading; what runs goes on running. */
  close(): Promise<void>;
}

/** Starts and returns at once; the daemon answers `/readyz` with what it is waiting for. */
export function startDaemon(options: StartOptions): StartedDaemon {
  const state = newState(options);
  const ending = new AbortController();
  watchStores(state);
  const sharing = shareStatus(state);
  const life = live({ ...options, state }, ending.signal).catch((error: unknown) =>
    options.log.error({ chain: causeChain(error) }, "the daemon's life ended"),
  );
  return {
    daemon: serve(state),
    engineRequest: (operation, seconds, ok) => state.metrics.engineRequest(operation, seconds, ok),
    async close() {
      sharing.stop();
      ending.abort(new Error("the daemon ends"));
      await life;
      // A successor need not wait for the lease to run out.
      await options.doors.redis.releaseLease(options.holder).catch(() => undefined);
      await options.doors.redis.publish(LEASE_TOPIC, "released").catch(() => undefined);
    },
  };
}

function newState(options: StartOptions): DaemonState {
  const { settings, log, now, doors } = options;
  const modes = createModes(now, (mode, entered) => {
    log.warn({ mode: mode.name, detail: mode.detail }, entered ? "mode entered" : "mode left");
    // Each refusal is an event of its own, also the second one.
    if (mode.name === "standby" || (entered && mode.name === "declaration-refused")) return;
    state.outbox.add({
      project: null,
      kind: entered ? "mode.entered" : "mode.left",
      cause: "daemon",
      message: `${mode.name}: ${mode.detail}`,
      fields: { mode: mode.name },
    });
    void state.outbox.flush();
  });
  const metrics = openMetrics(
    measured(
      () => state,
      () => options.breakers(),
    ),
    settings.version,
  );
  const state: DaemonState = {
    settings,
    log,
    modes,
    metrics,
    outbox: outboxOf(() => state),
    ...doors,
    now,
    session: null,
    role: "starting",
    roleSince: now(),
    waitingFor: "it is starting",
    borrowed: [],
    installUid: null,
    reportedEpoch: 0,
    streamConnected: false,
    cpuPercent: new Map(),
    lastSample: new Map(),
    wakeFollowers: newWake(),
  };
  return state;
}

function watchStores(state: DaemonState): void {
  const { modes } = state;
  state.postgres.onState((reachable) => {
    modes.set(
      "postgres-gone",
      !reachable,
      reachable ? "answers" : "Postgres cannot be reached or takes no writes; nothing is accepted",
    );
    modes.set(
      "repairs-waiting",
      !reachable && state.session !== null,
      reachable
        ? "Postgres answers"
        : "nothing on the engine is changed; runners restart their agents alone",
    );
    if (!reachable) return;
    state.session?.triggerHost("postgres answers");
    state.session?.desk?.doubt();
  });
  state.postgres.tasks.onSettled((records) => state.session?.desk?.settled(records));
  state.redis.onState((reachable) => {
    modes.set(
      "redis-gone",
      !reachable,
      reachable
        ? "answers"
        : "Redis cannot be reached or takes no writes; reconciling goes on by itself",
    );
  });
}
