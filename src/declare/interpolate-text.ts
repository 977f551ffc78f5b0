/**
 * A file's text with its variables replaced, for the bundle that goes to the daemon.
 *
 * INVARIANTS: only scalar values change; comments, keys and structure stay byte for byte; a value is written so that YAML reads
 * back exactly it; every line keeps its number.
 */
import { EVENT_ID, getScalarValue, SCALAR_STYLE } from "js-yaml";
import type { Event, ScalarEvent } from "js-yaml";
import type { Bundle } from "../model/bundle.ts";
import { readEvents } from "./events.ts";
import { makeExpand } from "./expand.ts";
import type { Environment } from "./interpolate.ts";
import { sortProblems } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { resolvePlain } from "./scalar.ts";
import { makeSource, positionAt } from "./source.ts";
import type { Source, Span } from "./source.ts";

export type InterpolatedText =
  | Readonly<{ ok: true; text: string }>
  | Readonly<{ ok: false; problems: readonly Problem[] }>;

/** The text with `${…}` replaced in scalar values, or every reference that has no value. */
export function interpolateText(
  name: string,
  text: string,
  environment: Environment,
): InterpolatedText {
  const source = makeSource(name, text);
  const read = readEvents(source);
  if (!read.ok) return { ok: false, problems: [read.problem] };
  const problems: Problem[] = [];
  const expand = makeExpand(environment, problems);
  let result = "";
  let copied = 0;
  for (const { event, after } of scalarValues(read.events)) {
    const written = getScalarValue(text, event);
    if (!written.includes("$")) continue;
    const span = scalarRange(source, event, after);
    const value = expand(written, span);
    if (value === null || value === written) continue;
    result +=
      text.slice(copied, span.start) + inPlaceOf(span, value, event.style === SCALAR_STYLE.PLAIN);
    copied = span.end;
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, text: result + text.slice(copied) };
}

export type InterpolatedBundle =
  | Readonly<{ ok: true; bundle: Bundle }>
  | Readonly<{ ok: false; problems: readonly Problem[] }>;

/** Every file of a bundle with its variables replaced: what may be sent and kept. */
export function interpolateBundle(bundle: Bundle, environment: Environment): InterpolatedBundle {
  const problems: Problem[] = [];
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(bundle.files)) {
    const interpolated = interpolateText(name, text, environment);
    if (interpolated.ok) files[name] = interpolated.text;
    else problems.push(...interpolated.problems);
  }
  return problems.length > 0
    ? { ok: false, problems: sortProblems(problems) }
    : { ok: true, bundle: { ...bundle, files } };
}

/** Scalars that are no keys, each with the end of whatever precedes it. */
function* scalarValues(
  events: readonly Event[],
): Generator<Readonly<{ event: ScalarEvent; after: number }>> {
  const frames: { map: boolean; atKey: boolean }[] = [];
  let after = 0;
  for (const event of events) {
    const frame = frames.at(-1);
    if (event.type === EVENT_ID.POP) frames.pop();
    else if (event.type !== EVENT_ID.DOCUMENT) {
      const isKey = frame?.map === true && frame.atKey;
      if (frame !== undefined) frame.atKey = !frame.atKey;
      if (event.type === EVENT_ID.SCALAR && !isKey && event.valueStart >= 0) yield { event, after };
    }
    if (event.type === EVENT_ID.SCALAR)
      after = Math.max(after, event.valueEnd, event.tagEnd, event.anchorEnd);
    else if (event.type !== EVENT_ID.POP && event.type !== EVENT_ID.ALIAS)
      frames.push({ map: event.type === EVENT_ID.MAPPING, atKey: true });
  }
}

/** The characters of a scalar with its quotes, or with its block header (`|`, `>-`). */
function scalarRange(source: Source, event: ScalarEvent, after: number): Span {
  const { valueStart, valueEnd, style } = event;
  if (style === SCALAR_STYLE.PLAIN) return { source, start: valueStart, end: valueEnd };
  if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) {
    return { source, start: valueStart - 1, end: valueEnd + 1 };
  }
  const from = Math.max(after, event.tagEnd, event.anchorEnd);
  const before = source.text.slice(from, valueStart);
  const header = /^(?:[^#|>\n\r]|[\n\r]|#[^\n\r]*)*/.exec(before)?.[0].length ?? 0;
  return { source, start: from + header, end: valueEnd };
}

/** A value as it may stand anywhere: bare only as a number or boolean, else in double quotes on one line. */
function inPlaceOf(span: Span, value: string, wasPlain: boolean): string {
  const resolved = resolvePlain(value);
  const bare = wasPlain && (typeof resolved === "number" || typeof resolved === "boolean");
  const replaced = span.source.text.slice(span.start, span.end);
  const breaks = replaced.match(/\r\n|\n|\r/g) ?? [];
  const indent = breaks.length === 0 ? 0 : positionAt(span.source, span.end).column - 1;
  return (bare ? value : quoted(value)) + breaks.join("") + " ".repeat(indent);
}

function quoted(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    escaped,
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
