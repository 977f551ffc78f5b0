/** An error as an RFC 9457 problem document, as the API answers it and the CLI prints it under `--json`. */
import { type BerthError, type ErrorKind, type ProblemFact, statusOf } from "./errors.ts";

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly path?: string;
  readonly hint?: string;
  readonly problems?: readonly ProblemEntry[];
}

export interface ProblemEntry {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly hint?: string;
  readonly snippet?: string;
}

const PREFIX = "urn:berth:problem:";

const TITLE: Readonly<Record<ErrorKind, string>> = {
  usage: "The request is not one that can be answered",
  declaration: "The declaration is not valid",
  conflict: "Something changed or is taken: look again and retry",
  capacity: "There is no room now",
  transient: "A dependency cannot be reached now",
  permission: "Not permitted",
  rejected: "The engine refused",
  defect: "A defect in Berth",
};

/** The problem document of an error; `status` where it is more exact than the error's kind. */
export function problemDocument(
  error: BerthError,
  status: number = statusOf(error.kind),
): ProblemDocument {
  return {
    type: PREFIX + error.kind,
    title: TITLE[error.kind],
    status,
    code: error.code,
    detail: error.message,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.problems.length === 0 ? {} : { problems: error.problems.map(entryOf) }),
  };
}

/** The error kind a problem's type names, or null for a type that is not ours. */
export function kindOfProblem(type: string): ErrorKind | null {
  const kinds: readonly string[] = Object.keys(TITLE);
  const kind = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : "";
  return isKind(kind, kinds) ? kind : null;
}

function isKind(word: string, kinds: readonly string[]): word is ErrorKind {
  return kinds.includes(word);
}

function entryOf(fact: ProblemFact): ProblemEntry {
  return {
    code: fact.code,
    message: fact.message,
    ...(fact.path === undefined ? {} : { path: fact.path }),
    ...(fact.hint === undefined ? {} : { hint: fact.hint }),
    ...(fact.snippet === undefined ? {} : { snippet: fact.snippet }),
  };
}
