/** Variables in a text: `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, and `$$` for a dollar sign. */

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

const REFERENCE = /\$(?:\$|\{([^{}]*)\}?)/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?])(.*))?$/s;

/** The text with its variables replaced, or every reference that cannot be. A lone `$` is itself: `$HOME` is the shell's. */
export function interpolate(text: string, environment: Environment): Interpolated {
  const unreplaced: Unreplaced[] = [];
  const replaced = text.replaceAll(
    REFERENCE,
    (reference: string, inside: string | undefined, at: number) => {
      if (inside === undefined) return "$";
      const value = valueOf(reference, inside, environment);
      if (typeof value === "string") return value;
      unreplaced.push({ ...value, reference, at });
      return reference;
    },
  );
  return unreplaced.length > 0 ? { ok: false, unreplaced } : { ok: true, text: replaced };
}

type Refusal = Readonly<{ message: string; hint: string | undefined }>;

function valueOf(whole: string, inside: string, environment: Environment): string | Refusal {
  const match = whole.endsWith("}") ? INSIDE.exec(inside) : null;
  const name = match?.[1];
  if (name === undefined) {
    return {
      message: `cannot read ${shortened(whole)}`,
      hint: "write ${NAME}, ${NAME:-default}, or $$ for a dollar sign",
    };
  }
  const operator = match?.[2];
  const rest = match?.[3] ?? "";
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  const present = value !== undefined && !(operator?.startsWith(":") === true && value === "");
  if (present) return value;
  if (operator?.endsWith("-") === true) return rest;
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

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
