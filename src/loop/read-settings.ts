/** Reads the daemon's environment: every name of the contract, each secret also as `*_FILE`. */
import { existsSync, readFileSync } from "node:fs";
import { parseDuration } from "../base/duration.ts";
import { BerthError } from "../base/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../report/log.ts";
import type { Settings } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface DaemonEnvironment {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly listen: string;
  /** Names under which TCP is served besides loopback ones. */
  readonly allowedHosts: readonly string[];
  readonly dockerHost: string | null;
  /** Where and with which token a scraper reads `/metrics` over TCP; null: only on the socket. */
  readonly metrics: Readonly<{ listen: string; token: string }> | null;
}

const INSTALL = /^[a-z0-9]{1,16}$/;

const POSTGRES_URL = /^postgres(?:ql)?:\/\//;
const REDIS_URL = /^rediss?:\/\//;

/** A missing URL is transient (69) with a hint; a bad value is a usage error (64). What is empty is not set: compose hands on what it has not. */
export function readSettings(given: Environment, version: string): DaemonEnvironment {
  const env = withoutEmpty(given);
  const install = env["BERTH_INSTALL"] ?? "main";
  if (!INSTALL.test(install)) {
    throw new BerthError("usage", {
      code: "loop.install-invalid",
      detail: `BERTH_INSTALL is "${install}"`,
      hint: "1 to 16 lower-case letters and digits",
    });
  }
  return {
    databaseUrl: url(env, "BERTH_DATABASE_URL", {
      form: POSTGRES_URL,
      example: "postgres://USER:PASSWORD@HOST:5432/berth",
    }),
    redisUrl: url(env, "BERTH_REDIS_URL", {
      form: REDIS_URL,
      example: "redis://:PASSWORD@HOST:6379",
    }),
    listen: env["BERTH_LISTEN"] ?? "unix:/run/berth/berth.sock,127.0.0.1:7878",
    allowedHosts: (env["BERTH_ALLOWED_HOSTS"] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    dockerHost: env["DOCKER_HOST"] ?? null,
    metrics: metricsOf(env),
    settings: {
      install,
      version,
      stateDir: env["BERTH_STATE_DIR"] ?? "/var/lib/berth",
      secretsDir: env["BERTH_SECRETS_DIR"] ?? null,
      configPath: env["BERTH_CONFIG"] ?? null,
      spoolDir: env["BERTH_SPOOL_DIR"] ?? null,
      runnerImage: env["BERTH_IMAGE_RUNNER"] ?? `berth/runner:${version}`,
      netImage: env["BERTH_IMAGE_NET"] ?? `berth/net:${version}`,
      vantage: existsSync("/.dockerenv") ? "container" : "host",
      logLevel: logLevel(env),
      orphanGraceMs: orphanGrace(env),
      retention: {
        runsDays: 30,
        eventsDays: 14,
        stepsDays: 14,
        auditDays: 365,
        generationsKept: 100,
        outputDays: 7,
      },
    },
  };
}

function metricsOf(env: Environment): DaemonEnvironment["metrics"] {
  const listen = env["BERTH_METRICS_LISTEN"];
  return listen === undefined ? null : { listen, token: secret(env, "BERTH_METRICS_TOKEN") ?? "" };
}

function logLevel(env: Environment): LogLevel {
  const text = env["BERTH_LOG_LEVEL"] ?? "info";
  const level = LOG_LEVELS.find((each) => each === text.toLowerCase());
  if (level !== undefined) return level;
  throw new BerthError("usage", {
    code: "loop.log-level-invalid",
    detail: `BERTH_LOG_LEVEL is "${text}"`,
    hint: LOG_LEVELS.join(", "),
  });
}

/** `BERTH_ORPHAN_GRACE`: how long what belongs to no recorded project is kept. */
function orphanGrace(env: Environment): number {
  const text = env["BERTH_ORPHAN_GRACE"] ?? "60s";
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new BerthError("usage", {
    code: "loop.orphan-grace-invalid",
    detail: `BERTH_ORPHAN_GRACE is "${text}"`,
    hint: "a duration, for instance 60s",
  });
}

/** The variables that say something. */
export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

interface UrlRule {
  readonly form: RegExp;
  readonly example: string;
}

/** Anything else a driver would take for a host's name and try to reach for ever. The value is a secret: it is not told. */
function url(env: Environment, name: string, { form, example }: UrlRule): string {
  const value = required(env, name, example);
  if (form.test(value) && URL.canParse(value)) return value;
  throw new BerthError("usage", {
    code: "loop.url-invalid",
    detail: `${name} is not a URL that begins with ${example.slice(0, example.indexOf("//") + 2)}`,
    hint: `for instance ${example}; what is special in a password is percent-encoded`,
  });
}

function required(env: Environment, name: string, example: string): string {
  const value = secret(env, name);
  if (value !== null && value !== "") return value;
  throw new BerthError("transient", {
    code: "loop.setting-missing",
    detail: `${name} is not set`,
    hint: `set ${name} or ${name}_FILE, for instance to ${example}; or let scripts/up do it`,
  });
}

/** The variable itself, else the content of the file that `<name>_FILE` names, without its last line break. */
function secret(env: Environment, name: string): string | null {
  const direct = env[name];
  if (direct !== undefined) return direct;
  const file = env[`${name}_FILE`];
  if (file === undefined) return null;
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch (cause) {
    throw new BerthError("transient", {
      code: "loop.secret-unreadable",
      detail: `${name}_FILE names ${file}, which cannot be read`,
      hint: "check that the file exists and who may read it",
      cause,
    });
  }
}
