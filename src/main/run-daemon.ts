/** The daemon's wiring: settings, doors, life, API; closed in reverse. Nothing here decides anything. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { BerthError, causeChain } from "../base/errors.ts";
import { serveMetrics, type ServedMetrics } from "../api/metrics-server.ts";
import { serveApi } from "../api/serve.ts";
import { openEngine } from "../docker/engine.ts";
import { openFirewall } from "../docker/firewall.ts";
import type { Ownership } from "../docker/door.ts";
import { breakerStates } from "../guard/guard.ts";
import { bridgePrefixOf } from "../loop/ground.ts";
import { type DaemonEnvironment, type Environment, readSettings } from "../loop/read-settings.ts";
import { type StartedDaemon, startDaemon } from "../loop/start.ts";
import { openPostgres } from "../postgres/open.ts";
import { RUNNER_ENTRYPOINT } from "../protocol/entry.ts";
import { openRedis } from "../redis/open.ts";
import { type Log, openLog } from "../report/log.ts";
import { openRunners } from "../runners/open.ts";
import { reapplyOnHangup } from "./hangup.ts";

/** Beside the compiled program, and in a checkout where the build puts it. */
const PAGE_FOLDER = fileURLToPath(new URL("../../dist/dashboard", import.meta.url));

/** Runs until SIGTERM or SIGINT; returns the exit code. */
export async function runDaemon(env: Environment, version: string): Promise<number> {
  const environment = readSettings(env, version);
  const { settings } = environment;
  const log = openLog(settings.logLevel, { install: settings.install });
  for (const secret of secretsOf(environment)) log.conceal(secret);
  surviveDefects(log);
  const started = start(environment, log);
  const api = await serveApi({
    daemon: started.daemon,
    listen: environment.listen,
    allowedHosts: environment.allowedHosts,
    pageFolder: PAGE_FOLDER,
    version,
    log,
    now: () => Date.now(),
  }).catch(async (error: unknown) => {
    await started.close();
    throw error;
  });
  const metrics = await metricsFor(environment, started, log).catch(async (error: unknown) => {
    await api.close();
    await started.close();
    throw error;
  });
  log.info({ addresses: api.addresses, version }, "listening");
  reapplyOnHangup(settings.configPath, started.daemon, log);
  await untilTold();
  log.info({}, "ending; agents run on");
  await metrics?.close();
  await api.close();
  await started.close();
  return 0;
}

/** Of what the daemon is told by its environment: passwords in both URLs as written and as meant, and the scraper's token. */
function secretsOf({ databaseUrl, redisUrl, metrics }: DaemonEnvironment): readonly string[] {
  const passwords = [databaseUrl, redisUrl].flatMap((url) => {
    const written = URL.parse(url)?.password ?? "";
    return [url, written, decoded(written)];
  });
  return metrics === null ? passwords : [...passwords, metrics.token];
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

async function metricsFor(
  { metrics }: DaemonEnvironment,
  { daemon }: StartedDaemon,
  log: Log,
): Promise<ServedMetrics | null> {
  if (metrics === null) return null;
  const served = await serveMetrics({ ...metrics, log, metrics: () => daemon.metrics() });
  log.info({ host: served.host, port: served.port }, "metrics served");
  return served;
}

const now = (): number => Date.now();
const chance = Math.random;

interface Hooks {
  own(): Ownership;
  onRequest(operation: string, seconds: number, ok: boolean): void;
}

function openDoors({ settings, ...environment }: DaemonEnvironment, log: Log, hooks: Hooks) {
  const { install, vantage: mode, netImage } = settings;
  const engine = openEngine({
    dockerHost: environment.dockerHost,
    entrypoint: RUNNER_ENTRYPOINT,
    now,
    chance,
    onRequest: ({ operation, seconds, ok }) => hooks.onRequest(operation, seconds, ok),
  });
  const bridgePrefix = bridgePrefixOf(install);
  const own = (): Ownership => hooks.own();
  const postgres = openPostgres({
    url: environment.databaseUrl,
    install,
    onTrouble: (operation, error) =>
      log.warn({ operation, chain: causeChain(error) }, "postgres trouble"),
  });
  return {
    engine,
    firewall: openFirewall({ install, bridgePrefix, mode, engine, netImage, own }),
    postgres,
    redis: openRedis({ url: environment.redisUrl, install }),
  };
}

function start(environment: DaemonEnvironment, log: Log): StartedDaemon {
  const { settings } = environment;
  let own: Ownership = { install: settings.install, installUid: "", epoch: 0 };
  let started: StartedDaemon | null = null;
  const doors = openDoors(environment, log, {
    own: () => own,
    onRequest: (operation, seconds, ok) => started?.engineRequest(operation, seconds, ok),
  });
  const running = startDaemon({
    settings,
    log,
    now,
    chance,
    doors,
    holder: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    breakers: () => Object.entries(breakerStates()).map(([name, state]) => ({ name, state })),
    onIdentity: (identity) => {
      own = identity;
    },
    openRunners: (asked) =>
      openRunners({
        ...asked,
        install: settings.install,
        now,
        randomness: chance,
        log: runnersLog(log),
      }),
  });
  started = running;
  return {
    ...running,
    async close() {
      await running.close();
      await Promise.allSettled([doors.redis.close(), doors.postgres.close(), doors.engine.close()]);
    },
  };
}

function runnersLog(log: Log): Parameters<typeof openRunners>[0]["log"] {
  return {
    info: (message, fields) => log.debug(fields, message),
    warn: (message, fields) => log.warn(fields, message),
  };
}

/** A defect is told with its whole chain and the daemon goes on: one project's trouble must not stop the others' repairs. */
function surviveDefects(log: Log): void {
  process.on("unhandledRejection", (error) =>
    log.error({ chain: causeChain(error) }, "defect: unhandled rejection"),
  );
  process.on("uncaughtException", (error) => {
    if (error instanceof BerthError) log.error({ chain: causeChain(error) }, "defect: uncaught");
    else log.error({ chain: causeChain(error), stack: error.stack }, "defect: uncaught");
  });
}

function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
