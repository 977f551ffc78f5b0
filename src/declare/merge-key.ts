/** YAML's own merging inside one map: `<<` brings another map's entries, and no key may stand twice. */
import type { Entry, YamlNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { positionAt, problemAt } from "./source.ts";

/** A map's own entries, each key once, then those of its `<<` values that it lacks; the first source of a key wins. */
export function addMerged(
  own: readonly Entry[],
  merges: readonly YamlNode[],
  problems: Problem[],
): readonly Entry[] {
  const byKey = new Map<string, Entry>();
  for (const entry of own) {
    const first = byKey.get(entry.key);
    if (first === undefined) byKey.set(entry.key, entry);
    else problems.push(duplicate(entry, first));
  }
  for (const merge of merges)
    for (const entry of entriesOf(merge, problems))
      if (!byKey.has(entry.key)) byKey.set(entry.key, entry);
  return [...byKey.values()];
}

function entriesOf(merge: YamlNode, problems: Problem[]): readonly Entry[] {
  if (merge.kind === "map") return merge.entries;
  const parts = merge.kind === "list" ? merge.items : [];
  if (merge.kind === "list" && parts.every((part) => part.kind === "map"))
    return parts.flatMap((part) => entriesOf(part, problems));
  problems.push(
    problemAt(merge.span, {
      code: "declare.wrong-type",
      message: "<< must be a map or a list of maps",
    }),
  );
  return [];
}

function duplicate(entry: Entry, first: Entry): Problem {
  const { line } = positionAt(first.span.source, first.span.start);
  return problemAt(entry.span, {
    code: "declare.duplicate-key",
    message: `${entry.key} stands twice in one map`,
    hint: `the first one is on line ${line}`,
  });
}
