/**
 * YAML text to a tree of located values: anchors and merge keys are resolved, duplicate keys found, sizes bounded.
 *
 * INVARIANTS: an alias shares its anchor's node, so a tree costs what its text costs; its size with aliases written out is
 * counted while building, so nothing later can be made to walk more than `BOUNDS.nodes` values.
 */
import { EVENT_ID, SCALAR_STYLE } from "js-yaml";
import type { Event, MappingEvent, ScalarEvent, SequenceEvent } from "js-yaml";
import { BOUNDS } from "../schema/bounds.ts";
import type { Expand } from "./expand.ts";
import { eventStart, readEvents } from "./events.ts";
import { addMerged } from "./merge-key.ts";
import { anchorOf, tagOf, unfitTag } from "./node-properties.ts";
import type { Entry, YamlNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { scalarNode } from "./scalar-node.ts";
import { problemAt } from "./source.ts";
import type { Complaint, Source, Span } from "./source.ts";

/** A node with what it counts for when its aliases are written out. */
interface Grown {
  readonly node: YamlNode;
  readonly weight: number;
  readonly depth: number;
}

interface Frame {
  readonly kind: "document" | "list" | "map";
  readonly start: number;
  readonly anchor: string | null;
  readonly items: YamlNode[];
  readonly entries: Entry[];
  /** Values of `<<` keys, in order. */
  readonly merges: YamlNode[];
  /** The key waiting for its value; null between pairs, "refused" when it was no key at all. */
  key: Readonly<{ text: string; span: Span; merge: boolean }> | "refused" | null;
  weight: number;
  depth: number;
}

interface Reading {
  readonly source: Source;
  readonly expand: Expand | null;
  readonly problems: Problem[];
  readonly anchors: Map<string, Grown>;
  readonly frames: Frame[];
  /** End of the last thing that had characters: where an empty value is. */
  cursor: Span;
  root: YamlNode | null;
}

/** Thrown inside this file only, after its problem was recorded: there is no point in reading on. */
class Abandoned extends Error {}

/** The tree of a file, or null when it is empty or broken; what is wrong is added to `problems`. */
export function readTree(
  source: Source,
  problems: Problem[],
  expand: Expand | null = null,
): YamlNode | null {
  const read = readEvents(source);
  if (!read.ok) {
    problems.push(read.problem);
    return null;
  }
  const cursor: Span = { source, start: 0, end: 0 };
  const reading: Reading = {
    source,
    expand,
    problems,
    anchors: new Map(),
    frames: [],
    cursor,
    root: null,
  };
  try {
    for (const event of read.events) take(reading, event);
  } catch (thrown) {
    if (thrown instanceof Abandoned) return null;
    throw thrown;
  }
  return reading.root;
}

function take(reading: Reading, event: Event): void {
  const start = eventStart(event);
  if (start >= 0) reading.cursor = { source: reading.source, start, end: start + 1 };
  switch (event.type) {
    case EVENT_ID.DOCUMENT:
      return open(reading, event, "document");
    case EVENT_ID.SEQUENCE:
      return open(reading, event, "list");
    case EVENT_ID.MAPPING:
      return open(reading, event, "map");
    case EVENT_ID.SCALAR:
      return takeScalar(reading, event);
    case EVENT_ID.ALIAS:
      return takeAlias(reading, reading.source.text.slice(event.anchorStart, event.anchorEnd));
    case EVENT_ID.POP:
      return close(reading);
  }
}

function open(
  reading: Reading,
  event: SequenceEvent | MappingEvent | Readonly<{ type: 1 }>,
  kind: Frame["kind"],
): void {
  let anchor: string | null = null;
  if (event.type === EVENT_ID.DOCUMENT) {
    if (reading.root !== null) refuseDocument(reading);
  } else {
    anchor = anchorOf(event, reading.source);
    const tag = tagOf(event, reading.source);
    const own = kind === "map" ? "!!map" : "!!seq";
    if (tag !== "" && tag !== own) reading.problems.push(unfitTag(event, reading.source));
  }
  reading.frames.push({
    kind,
    start: reading.cursor.start,
    anchor,
    items: [],
    entries: [],
    merges: [],
    key: null,
    weight: 1,
    depth: 1,
  });
}

function close(reading: Reading): void {
  const frame = reading.frames.pop();
  if (frame === undefined || frame.kind === "document") return;
  const span: Span = { source: reading.source, start: frame.start, end: frame.start + 1 };
  const node: YamlNode =
    frame.kind === "list"
      ? { kind: "list", items: frame.items, span }
      : { kind: "map", entries: addMerged(frame.entries, frame.merges, reading.problems), span };
  const grown = { node, weight: frame.weight, depth: frame.depth };
  remember(reading, frame.anchor, grown);
  add(reading, grown);
}

function takeScalar(reading: Reading, event: ScalarEvent): void {
  const frame = reading.frames.at(-1);
  const isKey = frame?.kind === "map" && frame.key === null;
  const node = scalarNode(event, { ...reading, expand: isKey ? null : reading.expand });
  reading.cursor = node.span;
  const grown = { node, weight: 1, depth: 1 };
  remember(reading, anchorOf(event, reading.source), grown);
  add(reading, grown, event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0);
}

function takeAlias(reading: Reading, name: string): void {
  const target = reading.anchors.get(name);
  if (target === undefined) {
    const message = `no anchor &${name} stands before this alias, or it contains itself`;
    return abandon(reading, { code: "declare.yaml-syntax", message });
  }
  add(reading, target);
}

function add(reading: Reading, grown: Grown, plain = false): void {
  const frame = reading.frames.at(-1);
  if (frame === undefined) return;
  frame.weight += grown.weight;
  frame.depth = Math.max(frame.depth, grown.depth + 1);
  if (frame.weight > BOUNDS.nodes) {
    return abandon(reading, {
      code: "declare.too-big",
      message: `more than ${BOUNDS.nodes} values with aliases written out`,
    });
  }
  if (frame.items.length + frame.entries.length > BOUNDS.members) {
    return abandon(reading, {
      code: "declare.too-big",
      message: `more than ${BOUNDS.members} entries in one place`,
    });
  }
  if (frame.depth > BOUNDS.depth + 1) {
    return abandon(reading, {
      code: "declare.too-big",
      message: `nested deeper than ${BOUNDS.depth} levels`,
    });
  }
  if (frame.kind === "document") reading.root = grown.node;
  else if (frame.kind === "list") frame.items.push(grown.node);
  else if (frame.key === null) frame.key = takeKey(reading, grown.node, plain);
  else addPair(frame, grown.node);
}

function takeKey(reading: Reading, node: YamlNode, plain: boolean): Frame["key"] {
  if (node.kind === "scalar" && node.text !== "__proto__") {
    return { text: node.text, span: node.span, merge: plain && node.text === "<<" };
  }
  reading.problems.push(
    problemAt(node.span, { code: "declare.wrong-type", message: "a key must be a plain text" }),
  );
  return "refused";
}

function addPair(frame: Frame, node: YamlNode): void {
  const key = frame.key;
  frame.key = null;
  if (key === null || key === "refused") return;
  if (key.merge) {
    frame.merges.push(node);
    return;
  }
  const empty =
    node.kind === "scalar" &&
    node.span.start === node.span.end &&
    node.span.source === key.span.source;
  frame.entries.push({
    key: key.text,
    span: key.span,
    value: empty ? { ...node, span: key.span } : node,
  });
}

function remember(reading: Reading, anchor: string | null, grown: Grown): void {
  if (anchor !== null) reading.anchors.set(anchor, grown);
}

/** The next `---` is where a second document begins. */
function refuseDocument(reading: Reading): void {
  const { source, cursor } = reading;
  const at = source.text.indexOf("\n---", cursor.end);
  reading.cursor = at < 0 ? cursor : { source, start: at + 1, end: at + 4 };
  abandon(reading, {
    code: "declare.yaml-syntax",
    message: "one document a file: remove what follows `---`",
  });
}

function abandon(reading: Reading, complaint: Complaint): void {
  reading.problems.push(problemAt(reading.cursor, complaint));
  throw new Abandoned();
}
