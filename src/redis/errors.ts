/** Redis and network failures as BerthErrors. */
import { BerthError } from "../base/errors.ts";
import type { ErrorKind } from "../base/errors.ts";

type Verdict = readonly [kind: ErrorKind, code: string];

const UNREACHABLE: Verdict = ["transient", "redis.unreachable"];
/** A reply's first word says what is wrong; ioredis and the network say it in their own words. */
const BY_MESSAGE: readonly (readonly [RegExp, Verdict])[] = [
  [/command timed out|socket timeout/i, ["transient", "redis.timeout"]],
  [/^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/, UNREACHABLE],
  [/^(OOM|BUSY|MISCONF)|max number of clients/i, ["transient", "redis.overloaded"]],
  [/^(NOAUTH|WRONGPASS|NOPERM|DENIED)|invalid password/i, ["rejected", "redis.access-denied"]],
  [
    /connection is closed|isn't writeable|ECONN|EPIPE|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|max retries/i,
    UNREACHABLE,
  ],
];
const HINTS: Readonly<Record<string, string>> = {
  "redis.unreachable": "check that Redis runs and that BERTH_REDIS_URL points to it",
  "redis.access-denied": "check the user and password in BERTH_REDIS_URL",
};

/** Any failure of a call to Redis as a BerthError; BerthErrors pass unchanged. */
export function translate(operation: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const found = BY_MESSAGE.find(([pattern]) => pattern.test(message));
  const [kind, code] = found?.[1] ?? ["defect", "redis.command-failed"];
  return new BerthError(kind, {
    code,
    detail: `${operation}: ${message}`,
    hint: HINTS[code],
    cause: thrown,
  });
}

/** Why there is no connection: refused credentials say who must act, anything else is the network's. */
export function notConnected(cause: unknown): BerthError {
  const told = translate("connect", cause);
  if (told.kind === "rejected") return told;
  const detail = cause instanceof Error ? `not connected: ${cause.message}` : "not connected";
  return new BerthError("transient", {
    code: "redis.unreachable",
    detail,
    hint: HINTS["redis.unreachable"],
    cause,
  });
}
