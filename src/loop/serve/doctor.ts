/** Doctor: looks at everything this daemon stands on and says how to mend each. */
import { statfs } from "node:fs/promises";
import type { DoctorCheck } from "../../model/view.ts";
import type { DaemonState } from "../state.ts";
import { isOurs } from "../../observe/belongings.ts";

const DEADLINE_MS = 5_000;
const MIN_ENGINE = 26;
/** A database clock this far from ours makes records hard to read. */
const MAX_SKEW_MS = 2_000;

type Check = (state: DaemonState) => Promise<DoctorCheck>;

/** Runs every check at once, each with a deadline; a check that cannot tell says `unknown`. */
export function examine(state: DaemonState): Promise<readonly DoctorCheck[]> {
  return Promise.all(Object.entries(CHECKS).map(([name, check]) => bounded(name, check, state)));
}

async function bounded(name: string, check: Check, state: DaemonState): Promise<DoctorCheck> {
  const late = Promise.withResolvers<DoctorCheck>();
  const timer = setTimeout(
    () =>
      late.resolve({
        name,
        verdict: "unknown",
        detail: `no answer within ${DEADLINE_MS / 1000} s`,
        mend: "see whether the service hangs",
      }),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([check(state), late.promise]);
  } catch (error) {
    return {
      name,
      verdict: "fail",
      detail: error instanceof Error ? error.message : String(error),
      mend: MENDS[name] ?? null,
    };
  } finally {
    clearTimeout(timer);
  }
}

const MENDS: Readonly<Record<string, string>> = {
  engine: "start the Docker engine (`scripts/engine --yes` installs and starts one on Debian)",
  postgres: "start Postgres and check BERTH_DATABASE_URL",
  redis: "start Redis and check BERTH_REDIS_URL",
  firewall:
    "run the daemon as root with iptables, or give it the berth/net image; then `berth doctor` again",
};

const ok = (name: string, detail: string): DoctorCheck => ({
  name,
  verdict: "ok",
  detail,
  mend: null,
});

const CHECKS: Readonly<Record<string, Check>> = {
  async engine({ engine }) {
    const facts = await engine.facts();
    const major = Number.parseInt(facts.version, 10);
    if (major < MIN_ENGINE)
      return {
        name: "engine",
        verdict: "fail",
        detail: `engine ${facts.version}, API ${facts.apiVersion}`,
        mend: `install Docker Engine ${MIN_ENGINE} or newer (volume subpaths need API 1.45)`,
      };
    return ok("engine", `engine ${facts.version}, API ${facts.apiVersion}`);
  },
  async "live-restore"({ engine }) {
    const { liveRestore } = await engine.facts();
    if (liveRestore) return ok("live-restore", "on: agents survive an engine restart");
    return {
      name: "live-restore",
      verdict: "warn",
      detail: "off: an engine restart stops every agent",
      mend: 'set "live-restore": true in the engine\'s daemon.json and reload it',
    };
  },
  async cgroup({ engine }) {
    return ok("cgroup", `version ${(await engine.facts()).cgroupVersion}`);
  },
  async userns({ engine }) {
    const { securityOptions } = await engine.facts();
    const bad = securityOptions.find(
      (option) => option.includes("userns") || option.includes("rootless"),
    );
    if (bad === undefined) return ok("userns", "the engine neither remaps users nor runs rootless");
    return {
      name: "userns",
      verdict: "fail",
      detail: `the engine runs with ${bad}`,
      mend: "turn userns-remap or rootless mode off: the spool needs the host's root",
    };
  },
  async storage({ engine }) {
    const facts = await engine.facts();
    return ok("storage", `${facts.storageDriver} at ${facts.dataRoot}`);
  },
  async disk({ session }) {
    if (session === null)
      return { name: "disk", verdict: "unknown", detail: "nobody leads", mend: null };
    const space = await statfs(session.spoolRoot);
    const free = Math.round((space.bavail * space.bsize) / 1024 ** 2);
    const reserve = Math.round(session.world.host.reserve.diskBytes / 1024 ** 2);
    if (free >= reserve) return ok("disk", `${free} MiB free, ${reserve} MiB reserved`);
    return {
      name: "disk",
      verdict: "fail",
      detail: `${free} MiB free, ${reserve} MiB reserved`,
      mend: "free space or lower host.reserve.disk; nothing new starts until then",
    };
  },
  async "address pool"({ session, engine }) {
    if (session === null)
      return { name: "address pool", verdict: "unknown", detail: "nobody leads", mend: null };
    const { networkPool } = session.world.host;
    const size = 2 ** (28 - Number(networkPool.split("/")[1] ?? 28));
    const used = [...session.world.records.values()].filter(({ subnet }) => subnet !== null).length;
    const others = (await engine.snapshot()).networks.filter(
      ({ own }) => !isOurs(own, session.world.install.install, session.world.install.installUid),
    ).length;
    if (used < size * 0.9)
      return ok(
        "address pool",
        `${used} of ${size} subnets of ${networkPool} in use; ${others} networks of others`,
      );
    return {
      name: "address pool",
      verdict: "warn",
      detail: `${used} of ${size} subnets of ${networkPool} in use`,
      mend: "declare a larger host.network_pool",
    };
  },
  async firewall({ firewall, session }) {
    if (session !== null && !needsFirewall(session))
      return ok("firewall", "no project has egress: open");
    const state = await firewall.ensure();
    return state.verified
      ? ok("firewall", `${state.rules} rules verified`)
      : {
          name: "firewall",
          verdict: "fail",
          detail: state.detail,
          mend: MENDS["firewall"] ?? null,
        };
  },
  async redis({ redis }) {
    await redis.ping();
    const lease = await redis.readLease();
    return ok(
      "redis",
      lease.holder === null ? "answers; nobody holds the lease" : "answers; the lease is held",
    );
  },
  async postgres({ postgres, settings }) {
    await postgres.ping();
    const row = await postgres.install(settings.install);
    return ok("postgres", `answers; install ${row.install}, epoch ${row.epoch}`);
  },
  async declaration({ modes, settings }) {
    const refused = modes.list().find(({ name }) => name === "declaration-refused");
    if (refused === undefined) return ok("declaration", "no reread of BERTH_CONFIG is refused");
    return {
      name: "declaration",
      verdict: "fail",
      detail: refused.detail,
      mend: `mend it; then \`berth apply -f ${settings.configPath ?? "FILE"}\`, or SIGHUP to the daemon again`,
    };
  },
  async clock({ postgres, now }) {
    const before = now();
    const database = await postgres.clock();
    const skew = Math.round(Math.abs(database - (before + now()) / 2));
    if (skew < MAX_SKEW_MS) return ok("clock", `${skew} ms from the database's`);
    return {
      name: "clock",
      verdict: "warn",
      detail: `${skew} ms from the database's`,
      mend: "run a time service on both machines",
    };
  },
};

function needsFirewall(session: NonNullable<DaemonState["session"]>): boolean {
  return [...session.world.records.values()].some(({ spec }) => spec.network.egress === "open");
}
