/** The one error class: its kind says who must act, its code says what happened. */

/** Who must act; see the errors table in ARCHITECTURE: each kind fixes an HTTP status and a CLI exit code. */
export type ErrorKind =
  | "usage"
  | "declaration"
  | "conflict"
  | "capacity"
  | "transient"
  | "permission"
  | "rejected"
  | "defect";

/** One of several things that are wrong at once, as a declaration or a request has them. */
export interface ProblemFact {
  readonly code: string;
  readonly message: string;
  /** `file:line:col`, or a JSON path. */
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  /** The offending line with a caret, ready to print. */
  readonly snippet?: string | undefined;
}

export interface ErrorFacts {
  /** `room.noun-problem`, stable, documented in the errors table. */
  readonly code: string;
  readonly detail: string;
  /** What the person who must act can do about it, one sentence. */
  readonly hint?: string | undefined;
  /** Where in the declaration or request, `file:line:col` or a JSON path. */
  readonly path?: string | undefined;
  /** Everything wrong, when it is more than one thing. */
  readonly problems?: readonly ProblemFact[] | undefined;
  readonly cause?: unknown;
}

export class BerthError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly problems: readonly ProblemFact[];

  constructor(kind: ErrorKind, facts: ErrorFacts) {
    super(facts.detail, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "BerthError";
    this.kind = kind;
    this.code = facts.code;
    this.hint = facts.hint;
    this.path = facts.path;
    this.problems = facts.problems ?? [];
  }
}

const EXIT: Readonly<Record<ErrorKind, number>> = {
  usage: 64,
  declaration: 65,
  transient: 69,
  defect: 70,
  capacity: 73,
  conflict: 75,
  permission: 77,
  rejected: 78,
};

const STATUS: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  declaration: 422,
  transient: 503,
  defect: 500,
  capacity: 429,
  conflict: 409,
  permission: 403,
  rejected: 502,
};

/** The CLI exit code of an error kind (sysexits). */
export function exitCodeOf(kind: ErrorKind): number {
  return EXIT[kind];
}

/** The HTTP status of an error kind. */
export function statusOf(kind: ErrorKind): number {
  return STATUS[kind];
}

/** Any thrown value as a BerthError; what is not one already is a defect with the original as its cause. */
export function asBerthError(thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new BerthError("defect", { code: "base.unexpected", detail, cause: thrown });
}

/** The whole cause chain on one line, outermost first; printed once, at the edge. */
export function causeChain(thrown: unknown): string {
  const parts: string[] = [];
  let at: unknown = thrown;
  while (at instanceof Error && parts.length < 8) {
    parts.push(
      at instanceof BerthError ? `${at.code}: ${at.message}` : `${at.name}: ${at.message}`,
    );
    at = at.cause;
  }
  if (at !== undefined && !(at instanceof Error))
    parts.push(typeof at === "string" ? at : JSON.stringify(at));
  return parts.join(" <- ");
}
