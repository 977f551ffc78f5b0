/** Checks a value against a schema and says what is wrong in an operator's words; the only place that reads zod's issues. */
import type { z } from "zod";

export interface Fault {
  readonly kind: "unknown-key" | "bad-key" | "missing-value" | "wrong-type" | "bad-value";
  /** To the value; for a key, to the key itself. */
  readonly path: readonly (string | number)[];
  /** Reads on from the path: `must be ≥ 32`. */
  readonly message: string;
  /** Words that would have been right, for a hint. */
  readonly candidates: readonly string[];
}

/** Schemas and their values, for rooms that pass them on without opening zod. */
export type Checkable = z.ZodType;
export type ValueOf<S extends Checkable> = z.output<S>;

export type Checked<T> =
  | Readonly<{ ok: true; value: T }>
  | Readonly<{ ok: false; faults: readonly Fault[] }>;

/** The value with its units resolved, or everything that is wrong with it, the first fault of each place. */
export function check<S extends Checkable>(schema: S, value: unknown): Checked<ValueOf<S>> {
  const parsed = schema.safeParse(value, { error: wordsFor, reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data };
  const seen = new Set<string>();
  const faults = parsed.error.issues.flatMap(faultsOf).filter((fault) => {
    const place = `${fault.kind === "bad-key"} ${JSON.stringify(fault.path)}`;
    return !seen.has(place) && seen.add(place);
  });
  return { ok: false, faults };
}

function faultsOf(issue: z.core.$ZodIssue): readonly Fault[] {
  const inside = insideUnion(issue);
  if (inside.length > 0) return inside;
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      kind: "unknown-key",
      path: [...path, key],
      message: "is not a known key",
      candidates: [],
    }));
  }
  if (issue.code === "invalid_key") {
    return [
      {
        kind: "bad-key",
        path,
        message: issue.issues[0]?.message ?? "is not a valid key",
        candidates: [],
      },
    ];
  }
  const kind =
    issue.code === "invalid_type" || issue.code === "invalid_union" ? "wrong-type" : "bad-value";
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return [
    {
      kind: missing ? "missing-value" : kind,
      path,
      message: issue.message,
      candidates: candidatesOf(issue),
    },
  ];
}

/** Of alternatives one of which is of the input's type: what is wrong inside that one; nothing where only the whole can be judged. */
function insideUnion(issue: z.core.$ZodIssue): readonly Fault[] {
  if (issue.code !== "invalid_union" || !isCollection(issue.input)) return [];
  const meant = issue.errors.find((errors) => !errors.some(isOfTheWhole)) ?? [];
  return meant.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** That the alternative is for another kind of value. */
function isOfTheWhole({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

function isCollection(input: unknown): boolean {
  return typeof input === "object" && input !== null;
}

function candidatesOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "invalid_value")
    return issue.values.filter((value) => typeof value === "string");
  if (issue.code === "invalid_union")
    return issue.errors.flatMap((errors) => errors.flatMap(candidatesOf));
  return [];
}

/** A schema's own sentence goes first; these are for what zod checks by itself. */
function wordsFor(issue: z.core.$ZodRawIssue): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- zod's other codes
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? "is missing"
        : `must be ${typeWord(issue.expected)}, not ${wordOf(issue.input)}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.join(", ")}`;
    case "too_small":
      return `must ${amount(issue.origin, issue.minimum, "≥", "at least")}`;
    case "too_big":
      return `must ${amount(issue.origin, issue.maximum, "≤", "at most")}`;
    default:
      return "is not valid here"; // never read: every such schema of ours brings its own sentence
  }
}

// oxlint-disable-next-line max-params -- four words of one sentence
function amount(origin: string, bound: number | bigint, sign: string, words: string): string {
  if (origin === "string") return `be ${words} ${bound} characters`;
  if (origin === "array") return `have ${words} ${bound} entries`;
  return `be ${sign} ${bound}`;
}

function typeWord(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
  };
  return words[expected] ?? expected;
}

function wordOf(input: unknown): string {
  if (input === null) return "empty";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a map";
  if (typeof input === "string") return "a text";
  if (typeof input === "number") return numberWord(input);
  return input === true ? "true" : "false";
}

function numberWord(input: number): string {
  if (Number.isNaN(input)) return "`.nan`";
  if (!Number.isFinite(input)) return "an infinite one";
  return Number.isInteger(input) ? "a number" : "a fraction";
}
