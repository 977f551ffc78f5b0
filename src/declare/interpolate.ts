/**
 * Variables in a text: `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, and `$$` for a dollar sign. A default
 * may hold variables of its own.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Unreplaced {
  readonly message: string;
  readonly hint: string | undefined;
  /** The reference as written, and where in the text. */
  readonly reference: string;
  readonly at: number;
}

export type Interpolated =
  | Readonly<{ ok: true; text: string }>
  | Readonly<{ ok: false; unreplaced: readonly Unreplaced[] }>;

/** With at most one other reference inside: `${A:-${B:-c}}`. */
const REFERENCE = /\$(?:\$|\{((?:\$\{[^{}]*\}|[^{}])*)(\}?))/g;
const ALONE = /^\$\{(?:\$\{[^{}]*\}|[^{}])*\}$/;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?])(.*))?$/s;

/** The text with its variables replaced, or every reference that cannot be. A lone `$` is itself: `$HOME` is the shell's. */
export function interpolate(text: string, environment: Environment): Interpolated {
  const unreplaced: Unreplaced[] = [];
  const replaced = text.replaceAll(
    REFERENCE,
    // oxlint-disable-next-line max-params -- the shape of a replacer
    (reference: string, inside: string | undefined, end: string, at: number) => {
      if (inside === undefined) return "$";
      const value = end === "" ? unreadable(reference) : valueOf(reference, inside, environment);
      if (typeof value === "string") return value;
      unreplaced.push({ ...value, reference, at });
      return reference;
    },
  );
  return unreplaced.length > 0 ? { ok: false, unreplaced } : { ok: true, text: replaced };
}

/** Whether the text is one variable and nothing else. */
export function isVariable(text: string): boolean {
  return ALONE.test(text);
}

type Refusal = Readonly<{ message: string; hint: string | undefined }>;

function valueOf(whole: string, inside: string, environment: Environment): string | Refusal {
  const match = INSIDE.exec(inside);
  const name = match?.[1];
  if (name === undefined) return unreadable(whole);
  const operator = match?.[2];
  const rest = match?.[3] ?? "";
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  const present = value !== undefined && !(operator?.startsWith(":") === true && value === "");
  if (present) return value;
  if (operator?.endsWith("-") === true) return defaultOf(rest, environment);
  if (operator !== undefined)
    return {
      message: `${name} ${rest === "" ? "must be set" : rest}`,
      hint: `set ${name} in the environment`,
    };
  return {
    message: `${name} is not set`,
    hint: `set it in the environment, write \${${name}:-default}, or $\${${name}} if it is not meant for Berth`,
  };
}

function unreadable(reference: string): Refusal {
  return {
    message: `cannot read ${shortened(reference)}`,
    hint: "write ${NAME}, ${NAME:-default}, or $$ for a dollar sign",
  };
}

function defaultOf(text: string, environment: Environment): string | Refusal {
  const inner = interpolate(text, environment);
  if (inner.ok) return inner.text;
  const [first] = inner.unreplaced;
  return { message: first?.message ?? "cannot be read", hint: first?.hint };
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
