/**
 * Inheritance: the layers of one project become one tree.
 *
 * Later layers win: templates (the extended one first) → defaults → the project's own file → environment overlay. Maps merge
 * key by key at every depth, lists are replaced whole, and so is `workspace`, whose keys exclude one another. Defaults are the
 * host's word and therefore beat a template; whoever wants the template's value writes it in the project.
 */
import type { Entry, MapNode, ScalarNode, YamlNode } from "./node.ts";

export interface Layer {
  /** What `--origin` shows besides the place: `template node-agent`, `defaults`, or empty for the project's own. */
  readonly name: string;
  readonly map: MapNode;
}

/** These belong to a layer, not to the project it helps to make. */
const NOT_INHERITED: ReadonlySet<string> = new Set(["extends", "api_version"]);

/** One tree of all layers, lowest first; every entry remembers its layer, every value its place. */
export function mergeLayers(layers: readonly [Layer, ...(readonly Layer[])]): MapNode {
  const [first, ...rest] = layers.map(({ name, map }) => marked(map, name));
  const base: MapNode = first ?? layers[0].map;
  const merged = rest.reduce((under, over) => mergeMaps(under, over), base);
  return { ...merged, entries: merged.entries.filter((entry) => !NOT_INHERITED.has(entry.key)) };
}

function mergeMaps(under: MapNode, over: MapNode): MapNode {
  const entries = new Map(under.entries.map((entry) => [entry.key, entry]));
  for (const entry of over.entries) {
    const below = entries.get(entry.key);
    entries.set(entry.key, below === undefined ? entry : mergeEntries(below, entry));
  }
  return { ...over, entries: [...entries.values()] };
}

function mergeEntries(under: Entry, over: Entry): Entry {
  const replaced =
    over.key === "workspace" || under.value.kind !== "map" || over.value.kind !== "map";
  if (replaced || under.value.kind !== "map" || over.value.kind !== "map") return over;
  return { ...over, value: mergeMaps(under.value, over.value) };
}

function marked(map: MapNode, layer: string): MapNode {
  const entries = map.entries.map((entry) => ({
    ...entry,
    layer,
    value: markedValue(entry, layer),
  }));
  return { ...map, entries };
}

function markedValue({ key, value, span }: Entry, layer: string): YamlNode {
  if (value.kind === "map") return marked(value, layer);
  return key === "restart" && value.kind === "scalar"
    ? policyMap({ key, value, span }, value, layer)
    : value;
}

/** `restart: always` is short for `restart: { policy: always }`; written out, so that both forms merge alike. */
function policyMap(entry: Entry, value: ScalarNode, layer: string): YamlNode {
  if (typeof value.value !== "string") return value;
  return {
    kind: "map",
    entries: [{ key: "policy", span: entry.span, value, layer }],
    span: value.span,
  };
}
