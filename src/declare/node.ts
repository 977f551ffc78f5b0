/** A declaration as a tree of located values: YAML without anchors, merge keys and tags, every piece with its place. */
import type { Span } from "./source.ts";

export type ScalarValue = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  /** As written: `1.10` where the value is 1.1. */
  readonly text: string;
  readonly span: Span;
  /** A variable in quotes, as it must be inside `{ }`: where no text is wanted it means what its value would mean bare. */
  readonly variable?: boolean;
  /** Its variable or tag was refused already; whatever else is wrong with it follows from that. */
  readonly broken?: boolean;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
  readonly span: Span;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly Entry[];
  readonly span: Span;
}

export interface Entry {
  readonly key: string;
  /** Where the key stands. */
  readonly span: Span;
  readonly value: YamlNode;
  /** Which layer of the inheritance it came from; set by merging. */
  readonly layer?: string;
}

export type YamlNode = ScalarNode | ListNode | MapNode;
export type Path = readonly (string | number)[];

/** The entry of a key, if the node is a map that has it. */
function entryOf(node: YamlNode | undefined, key: string): Entry | undefined {
  return node?.kind === "map" ? node.entries.find((entry) => entry.key === key) : undefined;
}

/** The value of a key, if the node is a map that has it. */
export function valueOf(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return entryOf(node, key)?.value;
}

/** The map of a key, if there is one. */
export function mapOf(node: YamlNode | undefined, key: string): MapNode | undefined {
  const value = valueOf(node, key);
  return value?.kind === "map" ? value : undefined;
}

/** Sizes asked for once: a template is counted for every project that extends it. */
const SIZES = new WeakMap<YamlNode, number>();

/** How many values a tree holds, aliases written out. */
export function sizeOf(node: YamlNode): number {
  const known = SIZES.get(node);
  if (known !== undefined) return known;
  const members =
    node.kind === "list"
      ? node.items
      : node.kind === "map"
        ? node.entries.map((entry) => entry.value)
        : [];
  const size = members.reduce((sum, member) => sum + sizeOf(member), 1);
  SIZES.set(node, size);
  return size;
}

/** `agents.coder.command[0]`, as messages name a place. */
export function pathText(path: Path): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join("");
}

export interface Place {
  readonly span: Span;
  readonly entry: Entry | undefined;
  readonly node: YamlNode;
}

/**
 * The deepest place along a path that exists. A block collection is pointed at by its key, because its own first character
 * belongs to its first member.
 */
export function placeOf(root: YamlNode, path: Path): Place {
  let node = root;
  let entry: Entry | undefined;
  for (const part of path) {
    const next = typeof part === "number" ? undefined : entryOf(node, part);
    const value =
      next?.value ??
      (node.kind === "list" && typeof part === "number" ? node.items[part] : undefined);
    if (value === undefined) break;
    entry = next;
    node = value;
  }
  const flow = /^[[{]/.test(node.span.source.text.slice(node.span.start, node.span.start + 1));
  const byKey = entry !== undefined && node.kind !== "scalar" && !flow;
  return { span: byKey && entry !== undefined ? entry.span : node.span, entry, node };
}
