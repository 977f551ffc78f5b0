/** The daemon's state between sessions: what answers questions while nobody leads, and the session while we do. */
import { BerthError } from "../base/errors.ts";
import type { Outbox } from "../record/outbox.ts";
import type { Metrics } from "../report/metrics.ts";
import type { Log } from "../report/log.ts";
import type { FirewallDoor, EngineDoor } from "../docker/door.ts";
import type { PostgresDoor } from "../postgres/door.ts";
import type { RedisDoor } from "../redis/door.ts";
import type { ProjectView } from "../model/view.ts";
import type { Modes } from "./modes.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

export interface DaemonState {
  readonly settings: Settings;
  readonly log: Log;
  readonly modes: Modes;
  readonly engine: EngineDoor;
  readonly firewall: FirewallDoor;
  readonly postgres: PostgresDoor;
  readonly redis: RedisDoor;
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly outbox: Outbox;
  /** The highest epoch a runner said it obeys. */
  reportedEpoch: number;
  session: Session | null;
  role: "leader" | "standby" | "starting";
  roleSince: number;
  /** Why this daemon does not lead, for people. */
  waitingFor: string;
  /** Project views the leader left in Redis, while this daemon stands by. */
  borrowed: readonly ProjectView[];
  installUid: string | null;
  streamConnected: boolean;
  /** CPU use by project in percent of one core, from the last two samples. */
  readonly cpuPercent: Map<string, number>;
  readonly lastSample: Map<string, Readonly<{ at: number; cpuMs: number }>>;
  /** Resolved and replaced whenever events were written. */
  wakeFollowers: { promise: Promise<void>; resolve: () => void };
}

/** The session, or conflict `loop.not-leader`. */
export function leading(state: DaemonState): Session {
  if (state.session !== null) return state.session;
  throw new BerthError("conflict", {
    code: "loop.not-leader",
    detail: `this daemon does not lead: ${state.waitingFor}`,
    hint: hintFor(state),
  });
}

function hintFor(state: DaemonState): string {
  if (state.modes.holds("foreign-install"))
    return "restore the database these containers were recorded in, or remove them by hand; `berth doctor` lists them";
  if (state.modes.holds("postgres-gone")) return "start Postgres; see `berth doctor`";
  if (state.modes.holds("engine-gone")) return "start the Docker engine; see `berth doctor`";
  return "try again in a few seconds";
}

export function newWake(): DaemonState["wakeFollowers"] {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}
