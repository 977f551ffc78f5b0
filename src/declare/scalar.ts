/** Which type a bare word of YAML has: the 1.2 core schema, in which `no` and `1h` are texts. */
import { boolCoreTag, floatCoreTag, intCoreTag, NOT_RESOLVED, nullCoreTag } from "js-yaml";
import type { ScalarValue } from "./node.ts";

const IMPLICIT = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];

/** Tags an operator may write to force a type; others name types a declaration has no use for. */
const EXPLICIT: Readonly<Record<string, (text: string) => ScalarValue | undefined>> = {
  "!": (text) => text,
  "!!str": (text) => text,
  "!!null": (text) => resolved(nullCoreTag, text, true),
  "!!bool": (text) => resolved(boolCoreTag, text, true),
  "!!int": (text) => resolved(intCoreTag, text, true),
  "!!float": (text) => resolved(floatCoreTag, text, true),
};

/** The value of a plain scalar. */
export function resolvePlain(text: string): ScalarValue {
  for (const tag of IMPLICIT) {
    const value = resolved(tag, text, false);
    if (value !== undefined) return value;
  }
  return text;
}

/** The value under an explicit tag, or undefined when the tag is not allowed here or does not fit. */
export function resolveTagged(tag: string, text: string): ScalarValue | undefined {
  return Object.hasOwn(EXPLICIT, tag) ? EXPLICIT[tag]?.(text) : undefined;
}

function resolved(
  tag: (typeof IMPLICIT)[number],
  text: string,
  explicit: boolean,
): ScalarValue | undefined {
  const value: unknown = tag.resolve(text, explicit, tag.tagName);
  if (value === NOT_RESOLVED) return undefined;
  return value === null || typeof value === "number" || typeof value === "boolean"
    ? value
    : undefined;
}
