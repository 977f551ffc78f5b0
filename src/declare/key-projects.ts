/** `projects:` written as a list: each item's `name` becomes its key, so that everything after knows one form only. */
import type { Entry, MapNode, YamlNode } from "./node.ts";
import { valueOf } from "./node.ts";
import type { Problem } from "./problem.ts";
import { problemAt } from "./source.ts";

/** The same map with a list of projects keyed by name; other maps unchanged. */
export function keyProjects(map: MapNode, problems: Problem[]): MapNode {
  const entries = map.entries.map((entry) =>
    entry.key === "projects" && entry.value.kind === "list"
      ? { ...entry, value: keyed(entry.value, problems) }
      : entry,
  );
  return { ...map, entries };
}

function keyed(list: Extract<YamlNode, { kind: "list" }>, problems: Problem[]): MapNode {
  const seen = new Map<string, Entry>();
  for (const item of list.items) {
    const name = valueOf(item, "name");
    if (name?.kind !== "scalar") {
      const message = "each item of projects must be a map with a name";
      problems.push(problemAt(item.span, { code: "declare.missing-value", message }));
      continue;
    }
    const before = seen.get(name.text);
    if (before === undefined) {
      seen.set(name.text, { key: name.text, span: name.span, value: item });
      continue;
    }
    const message = `project ${name.text} is declared twice`;
    for (const span of [before.span, name.span])
      problems.push(problemAt(span, { code: "declare.duplicate-project", message }));
  }
  return { kind: "map", entries: [...seen.values()], span: list.span };
}
