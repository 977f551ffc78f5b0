/** One layer of a declaration against its schema: every fault becomes a located problem. */
import { check } from "../schema/check.ts";
import type { Checkable, Checked, Fault, ValueOf } from "../schema/check.ts";
import { expectedAt, EXTENSION } from "../schema/walk.ts";
import type { Expected, Schema } from "../schema/walk.ts";
import { nearest } from "./nearest.ts";
import { pathText, placeOf } from "./node.ts";
import type { Path, ScalarNode, ScalarValue, YamlNode } from "./node.ts";
import { MAX_PROBLEMS } from "./problem.ts";
import type { Problem, ProblemCode } from "./problem.ts";
import { resolvePlain } from "./scalar.ts";
import { problemAt } from "./source.ts";

/** The value of a tree under a schema with units resolved, or null after its problems were added. */
export function validate<S extends Checkable>(
  schema: S,
  root: YamlNode,
  problems: Problem[],
): ValueOf<S> | null {
  const checked = examine(schema, root);
  if (checked.ok) return checked.value;
  // Past the bound nobody reads them, and locating each would cost the square of their number.
  for (const fault of checked.faults.slice(0, MAX_PROBLEMS + 1))
    if (!isBroken(root, fault)) problems.push(located(fault, root, schema));
  return null;
}

/** The same without telling anybody. */
export function examine<S extends Checkable>(schema: S, root: YamlNode): Checked<ValueOf<S>> {
  return check(schema, toPlain(root, schema));
}

/** The tree as plain values for the schema: operator's `x-` keys dropped, texts as they were written. */
function toPlain(node: YamlNode, schema: Schema | undefined): unknown {
  const expected = schema === undefined ? undefined : expectedAt(schema);
  switch (node.kind) {
    case "scalar":
      return scalarOf(node, expected);
    case "list": {
      const member = expected?.kind === "list" ? expected.member : undefined;
      return node.items.map((item) => toPlain(item, member));
    }
    case "map": {
      const plain: Record<string, unknown> = {};
      for (const { key, value } of node.entries) {
        if (expected?.kind === "map" && key.startsWith(EXTENSION)) continue;
        const member =
          expected?.kind === "map"
            ? expected.members.get(key)
            : expected?.kind === "record"
              ? expected.member
              : undefined;
        plain[key] =
          expected?.kind === "map" && member === undefined ? true : toPlain(value, member); // unknown keys stay closed
      }
      return plain;
    }
  }
}

function scalarOf(node: ScalarNode, expected: Expected | undefined): ScalarValue {
  if (expected?.kind === "text" && node.value !== null) return node.text;
  if (expected?.kind !== "typed" || node.variable !== true) return node.value;
  const bare = resolvePlain(node.text);
  return bare === null ? node.value : bare; // an empty variable is an empty text, not nothing
}

function isBroken(root: YamlNode, fault: Fault): boolean {
  const { node } = placeOf(root, fault.path);
  return node.kind === "scalar" && node.broken === true;
}

const CODES: Readonly<Record<Fault["kind"], ProblemCode>> = {
  "unknown-key": "declare.unknown-key",
  "bad-key": "declare.bad-value",
  "missing-value": "declare.missing-value",
  "wrong-type": "declare.wrong-type",
  "bad-value": "declare.bad-value",
};

function located(fault: Fault, root: YamlNode, schema: Schema): Problem {
  const place = placeOf(root, fault.path);
  const atKey = fault.kind === "unknown-key" || fault.kind === "bad-key";
  const span = atKey && place.entry !== undefined ? place.entry.span : place.span;
  const subject = pathText(fault.path);
  const message = subject === "" ? `the file ${fault.message}` : `${subject} ${fault.message}`;
  return problemAt(span, {
    code: CODES[fault.kind],
    message,
    hint: hintFor(fault, { root, schema }),
  });
}

function hintFor(
  fault: Fault,
  whole: Readonly<{ root: YamlNode; schema: Schema }>,
): string | undefined {
  const last = fault.path.at(-1);
  const { node } = placeOf(whole.root, fault.path);
  if (fault.kind === "unknown-key" && typeof last === "string") {
    return keyHint(last, knownKeys(whole.schema, fault.path.slice(0, -1)));
  }
  if (fault.candidates.length > 1 && node.kind === "scalar") {
    const meant = nearest(node.text, fault.candidates);
    if (meant !== null) return `did you mean \`${meant}\`?`;
  }
  if (fault.kind === "wrong-type" && node.kind === "scalar" && node.value === null)
    return "write a value after the colon, or remove the key";
  return undefined;
}

/** Past this a list of keys helps less than the documentation. */
const MAX_LISTED = 16;

function keyHint(word: string, keys: readonly string[]): string | undefined {
  const meant = nearest(word, keys);
  if (meant !== null) return `did you mean \`${meant}\`?`;
  return keys.length === 0 || keys.length > MAX_LISTED
    ? undefined
    : `known here: ${keys.toSorted().join(", ")}`;
}

function knownKeys(schema: Schema, path: Path): readonly string[] {
  let at: Schema = schema;
  for (const part of path) {
    const expected = expectedAt(at);
    const next =
      expected.kind === "map"
        ? expected.members.get(String(part))
        : "member" in expected
          ? expected.member
          : undefined;
    if (next === undefined) return [];
    at = next;
  }
  const expected = expectedAt(at);
  return expected.kind === "map" ? [...expected.members.keys()] : [];
}
