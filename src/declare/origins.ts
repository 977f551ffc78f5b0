/** Where every effective value came from: `config show --origin`, and where to point when only the host can tell it is wrong. */
import type { Declaration } from "../model/project.ts";
import { placeOf } from "./node.ts";
import type { MapNode, Path } from "./node.ts";
import { hostShape, projectShape } from "./shape.ts";
import type { Shape, ShapeValue } from "./shape.ts";
import { positionAt } from "./source.ts";
import type { Span } from "./source.ts";

export interface OriginLine {
  /** `limits.memory`, in a declaration's words. */
  readonly path: string;
  /** As a declaration would write it. */
  readonly value: string;
  /** `projects/web.yaml:6`, `template node-agent (berth.yaml:12)`, `defaults (berth.yaml:9)` or `berth default`. */
  readonly origin: string;
}

export interface Origins {
  /** Every effective leaf of a project; none for a project that is not declared. */
  readonly project: (name: string) => readonly OriginLine[];
  /** Every effective leaf of the host section. */
  readonly host: () => readonly OriginLine[];
  /** Where a value of a project is written, else the deepest place above it that is; null for an unknown project. */
  readonly spanOf: (project: string, path: Path) => Span | null;
}

/** Origins of a declaration, computed when asked: a thousand projects have a hundred thousand leaves. */
export function makeOrigins(
  declaration: Declaration,
  host: MapNode | null,
  projects: ReadonlyMap<string, MapNode>,
): Origins {
  return {
    project: (name) => {
      const map = projects.get(name);
      const spec = Object.hasOwn(declaration.projects, name)
        ? declaration.projects[name]
        : undefined;
      return map === undefined || spec === undefined ? [] : linesOf(projectShape(spec), map);
    },
    host: () => linesOf(hostShape(declaration.host), host),
    spanOf: (name, path) => {
      const map = projects.get(name);
      return map === undefined ? null : spanWithin(map, path);
    },
  };
}

function spanWithin(map: MapNode, path: Path): Span {
  const { entry, span } = placeOf(map, path);
  if (entry !== undefined) return entry.key === path.at(-1) ? span : entry.span;
  return map.entries.find(({ key }) => key === "name")?.value.span ?? map.span;
}

function linesOf(shape: Shape, map: MapNode | null): readonly OriginLine[] {
  return leavesOf(shape, []).map(({ path, value }) => ({
    path: path.join("."),
    value,
    origin: originOf(map, path),
  }));
}

function leavesOf(
  shape: Shape,
  above: readonly string[],
): readonly Readonly<{ path: readonly string[]; value: string }>[] {
  return Object.entries(shape).flatMap(([key, value]) => {
    const path = [...above, key];
    return isShape(value) ? leavesOf(value, path) : [{ path, value: leafText(value) }];
  });
}

function isShape(value: ShapeValue): value is Shape {
  return typeof value === "object" && !Array.isArray(value);
}

function leafText(value: Exclude<ShapeValue, Shape>): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const SILENT = "berth default";

/** A leaf comes from where it is written; what only its parents mention is a default. */
export function originOf(map: MapNode | null, path: readonly string[]): string {
  if (map === null) return SILENT;
  const { entry, span } = placeOf(map, path);
  const written =
    entry !== undefined && entry.key === path.at(-1) && depthOf(map, path) === path.length;
  if (!written) return SILENT;
  const at = `${span.source.name}:${positionAt(span.source, entry.span.start).line}`;
  return entry.layer === undefined || entry.layer === "" ? at : `${entry.layer} (${at})`;
}

/** How many steps of a path exist. */
function depthOf(map: MapNode, path: readonly string[]): number {
  let node: MapNode | null = map;
  let depth = 0;
  for (const key of path) {
    const entry: MapNode["entries"][number] | undefined = node?.entries.find(
      (candidate) => candidate.key === key,
    );
    if (entry === undefined) break;
    node = entry.value.kind === "map" ? entry.value : null;
    depth += 1;
  }
  return depth;
}
