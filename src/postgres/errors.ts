/** Postgres and network failures as BerthErrors: no SQLSTATE leaves this room. */
import { DatabaseError } from "pg";
import { BerthError } from "../base/errors.ts";
import type { ErrorKind } from "../base/errors.ts";

type Verdict = readonly [kind: ErrorKind, code: string];

const UNREACHABLE: Verdict = ["transient", "postgres.unreachable"];
const TIMEOUT: Verdict = ["transient", "postgres.timeout"];
/** The server answered: not a failure of the door, and gone on the next try. */
const CONTENDED: Verdict = ["conflict", "postgres.write-contended"];
const OVERLOADED: Verdict = ["transient", "postgres.overloaded"];

const READ_ONLY = "postgres.read-only";
const DISK_FULL = "postgres.disk-full";

/** Exact states first, then their class (first two characters); what is in neither is our own mistake. */
const BY_STATE: Readonly<Record<string, Verdict>> = {
  "57014": TIMEOUT, // statement_timeout
  "55P03": TIMEOUT, // lock_timeout
  "25P03": TIMEOUT, // idle_in_transaction_session_timeout
  "25006": ["transient", READ_ONLY],
  "53100": ["transient", DISK_FULL],
  "40001": CONTENDED,
  "40P01": CONTENDED, // deadlock

  "3D000": ["rejected", "postgres.database-missing"],
  "42501": ["rejected", "postgres.access-denied"],
  "42P01": ["rejected", "postgres.schema-missing"],
  BR001: ["conflict", "postgres.move-illegal"],
  BR002: ["defect", "postgres.run-ended-twice"],
  BR003: ["conflict", "postgres.epoch-stale"],
};
const BY_CLASS: Readonly<Record<string, Verdict>> = {
  "08": UNREACHABLE,
  "57": UNREACHABLE, // shutting down, starting up
  "53": OVERLOADED, // connections, memory
  "58": OVERLOADED, // I/O
  "28": ["rejected", "postgres.access-denied"],
};
/** What pg itself throws has neither a code nor a class of its own. */
const BY_MESSAGE: readonly (readonly [RegExp, Verdict])[] = [
  [/query read timeout/i, TIMEOUT],
  [/timeout exceeded when trying to connect|connection timeout/i, TIMEOUT],
  [
    /connection terminated|connection ended|not queryable|client was closed|socket hang up/i,
    UNREACHABLE,
  ],
  [/cannot use a pool after calling end/i, UNREACHABLE],
];
const NETWORK = /^(E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND|AI_|NOENT|ACCES))/;

const HINTS: Readonly<Record<string, string>> = {
  "postgres.unreachable": "check that Postgres runs and that BERTH_DATABASE_URL points to it",
  "postgres.read-only":
    "point BERTH_DATABASE_URL at the primary, or end its default_transaction_read_only",
  "postgres.disk-full": "free space where Postgres keeps its data",
  "postgres.database-missing": "create the database that BERTH_DATABASE_URL names",
  "postgres.access-denied": "check the user and password in BERTH_DATABASE_URL",
  "postgres.schema-missing": "let the daemon migrate this database first",
};

/** Any failure of a call to Postgres as a BerthError; BerthErrors pass unchanged. */
export function translate(operation: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const [kind, code] = verdictOn(thrown);
  const detail = `${operation}: ${thrown instanceof Error ? thrown.message || thrown.name : String(thrown)}`;
  return new BerthError(kind, { code, detail, hint: HINTS[code], cause: thrown });
}

/** Whether the server itself answered, so that the connection is still in step. */
export function isAnswer(thrown: unknown): boolean {
  return (
    thrown instanceof BerthError || (thrown instanceof DatabaseError && thrown.severity === "ERROR")
  );
}

/** Whether the server lets nobody in, while those who are go on. */
export function isCrowded(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.code === "53300";
}

/** Which writes a server refuses that answers all the same: all of them, or those that need room; null: it said neither. */
export function refusedWrites(thrown: unknown): "all" | "large" | null {
  if (!(thrown instanceof BerthError)) return null;
  return thrown.code === READ_ONLY ? "all" : thrown.code === DISK_FULL ? "large" : null;
}

/** What a write would meet. */
export function readOnly(operation: string): BerthError {
  const detail = `${operation}: it takes no writes`;
  return new BerthError("transient", { code: READ_ONLY, detail, hint: HINTS[READ_ONLY] });
}

function verdictOn(thrown: unknown): Verdict {
  if (thrown instanceof DatabaseError) {
    const state = thrown.code ?? "";
    return BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? ["defect", "postgres.query-failed"];
  }
  if (!(thrown instanceof Error)) return ["defect", "postgres.query-failed"];
  if (NETWORK.test(networkCode(thrown))) return UNREACHABLE;
  const found = BY_MESSAGE.find(([pattern]) => pattern.test(thrown.message));
  return found === undefined ? ["defect", "postgres.query-failed"] : found[1];
}

/** An AggregateError (one address family after the other) tells by its first member. */
function networkCode(thrown: Error): string {
  if ("code" in thrown && typeof thrown.code === "string") return thrown.code;
  const [first] = thrown instanceof AggregateError ? thrown.errors : [];
  return first instanceof Error && "code" in first ? String(first.code) : "";
}

export function unknownProject(project: string): BerthError {
  return new BerthError("usage", {
    code: "postgres.project-unknown",
    detail: `no project named ${project} is recorded`,
    hint: "`berth ps` lists the recorded projects",
  });
}

/** For a `catch`: in a database that no daemon has migrated yet there is nothing. */
export function noneIfNew(thrown: unknown): readonly [] {
  if (thrown instanceof BerthError && thrown.code === "postgres.schema-missing") return [];
  throw thrown;
}
