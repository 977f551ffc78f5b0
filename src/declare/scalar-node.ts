/** One scalar of a file as a located value: its variables filled in, its tag followed, its quotes counted to its place. */
import { getScalarValue, SCALAR_STYLE } from "js-yaml";
import type { ScalarEvent } from "js-yaml";
import { BOUNDS } from "../schema/bounds.ts";
import type { Expand } from "./expand.ts";
import { isVariable } from "./interpolate.ts";
import { tagOf, unfitTag } from "./node-properties.ts";
import type { ScalarNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { resolvePlain, resolveTagged } from "./scalar.ts";
import { problemAt } from "./source.ts";
import type { Source, Span } from "./source.ts";

interface Surroundings {
  readonly source: Source;
  /** Null: the text holds as it is written. */
  readonly expand: Expand | null;
  readonly problems: Problem[];
  /** Where an empty value is. */
  readonly cursor: Span;
}

/** What is wrong with it is added to `problems`. */
export function scalarNode(event: ScalarEvent, around: Surroundings): ScalarNode {
  const written = getScalarValue(around.source.text, event);
  const span = spanOf(event, around);
  const expanded = around.expand === null ? written : around.expand(written, span);
  const text = expanded ?? written;
  if (text.length > BOUNDS.textLength) {
    const message = `must be at most ${BOUNDS.textLength} characters`;
    around.problems.push(problemAt(span, { code: "declare.too-big", message }));
  }
  const value = valueOf(event, { text, changed: text !== written }, around);
  const broken = expanded === null || value === undefined;
  return {
    kind: "scalar",
    value: value ?? null,
    text,
    span,
    ...(isOnlyVariable(event, written, around) ? { variable: true } : {}),
    ...(broken ? { broken } : {}),
  };
}

/** Whether quotes hold nothing but one variable; texts that are interpolated already do not show it any more, so there any may. */
function isOnlyVariable(event: ScalarEvent, written: string, { expand }: Surroundings): boolean {
  return isQuoted(event) && (expand === null || isVariable(written));
}

/** Undefined when its tag was refused. */
function valueOf(
  event: ScalarEvent,
  read: Readonly<{ text: string; changed: boolean }>,
  { source, problems }: Surroundings,
): ScalarNode["value"] | undefined {
  const tag = tagOf(event, source);
  if (tag !== "") {
    const value = resolveTagged(tag, read.text);
    if (value === undefined) problems.push(unfitTag(event, source));
    return value;
  }
  if (event.style !== SCALAR_STYLE.PLAIN) return read.text;
  const value = resolvePlain(read.text);
  return value === null && read.changed ? read.text : value; // an empty variable is an empty text, not nothing
}

/** Quotes belong to the value they surround. */
function spanOf(event: ScalarEvent, { source, cursor }: Surroundings): Span {
  if (event.valueStart < 0) return { source, start: cursor.end, end: cursor.end };
  const by = isQuoted(event) ? 1 : 0;
  return { source, start: event.valueStart - by, end: event.valueEnd + by };
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
}
