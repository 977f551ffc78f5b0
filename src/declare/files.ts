/** Which file of a bundle plays which part: the host file, its overlays, the project files. */
import type { Bundle } from "../model/bundle.ts";
import { BOUNDS } from "../schema/bounds.ts";
import type { Checkable } from "../schema/check.ts";
import { hostFile, overlayFile } from "../schema/host-file.ts";
import { projectFile } from "../schema/project-file.ts";
import { expectedAt } from "../schema/walk.ts";
import { hasHostKey, NO_HOST } from "./host-keys.ts";
import { keyProjects } from "./key-projects.ts";
import type { MapNode, YamlNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { makeSource, problemAt, startOf } from "./source.ts";
import type { Source } from "./source.ts";
import { readTree } from "./tree.ts";
import type { Expand } from "./expand.ts";
import { validate } from "./validate.ts";

export interface DeclaredFile {
  readonly source: Source;
  readonly map: MapNode;
}

export interface Files {
  readonly host: DeclaredFile | null;
  readonly overlays: readonly DeclaredFile[];
  /** Every map that declares a project, with the name it stands under. */
  readonly projects: readonly DeclaredFile[];
  /** Project files were named: the host file gives them its templates and defaults, not its own projects. */
  readonly single: boolean;
}

/** Reads and validates every file of a bundle against its own schema. */
export function readFiles(bundle: Bundle, problems: Problem[], expand: Expand | null): Files {
  const trees = readTrees(bundle, problems, expand);
  const overlays = new Set(bundle.overlays);
  const entry = trees.get(bundle.entry);
  const single = bundle.entry === NO_HOST || (entry !== undefined && looksLikeProject(entry.map));
  const hostName = single ? hostAbove(bundle, trees) : bundle.entry;
  const host = hostName === undefined ? undefined : trees.get(hostName);
  if (host !== undefined) validate(hostFile, host.map, problems);
  const overlaid = bundle.overlays.flatMap((name) => trees.get(name) ?? []);
  for (const overlay of overlaid) validate(overlayFile, overlay.map, problems);
  const projects = [...trees]
    .filter(([name]) => name !== hostName && name !== NO_HOST && !overlays.has(name))
    .map(([, file]) => file);
  for (const project of projects) validate(projectFile, project.map, problems);
  return { host: host ?? null, overlays: overlaid, projects, single };
}

/** The host file that project files inherit from; beside the files of a directory it is the one that lies elsewhere. */
function hostAbove(
  { entry, overlays }: Bundle,
  trees: ReadonlyMap<string, DeclaredFile>,
): string | undefined {
  const others = [...trees.keys()].filter((name) => !overlays.includes(name));
  return entry === NO_HOST
    ? others.find((name) => name.includes("/"))
    : others.find((name) => isHost(trees.get(name)));
}

function readTrees(
  bundle: Bundle,
  problems: Problem[],
  expand: Expand | null,
): ReadonlyMap<string, DeclaredFile> {
  const trees = new Map<string, DeclaredFile>();
  const names = Object.keys(bundle.files).toSorted();
  const total = names.reduce((sum, name) => sum + (bundle.files[name] ?? "").length, 0);
  if (names.length > BOUNDS.files || total > BOUNDS.bundleBytes) {
    const source = makeSource(bundle.entry, bundle.files[bundle.entry] ?? "");
    const message = `more than ${BOUNDS.files} files or ${BOUNDS.bundleBytes} bytes are too many`;
    problems.push(problemAt(startOf(source), { code: "declare.too-big", message }));
    return trees;
  }
  for (const name of names) {
    const source = makeSource(name, bundle.files[name] ?? "");
    const before = problems.length;
    const root = readTree(source, problems, expand);
    if (problems.length > before && root === null) continue;
    const map = asMap(root, source, problems);
    if (map !== null) trees.set(name, { source, map: keyProjects(map, problems) });
  }
  return trees;
}

/** An empty file is an empty map: a host file may say nothing, a project file is then told what it lacks. */
function asMap(root: YamlNode | null, source: Source, problems: Problem[]): MapNode | null {
  const span = startOf(source);
  if (root === null || (root.kind === "scalar" && root.value === null && root.text === ""))
    return { kind: "map", entries: [], span };
  if (root.kind === "map") return root;
  problems.push(
    problemAt(root.span, {
      code: "declare.wrong-type",
      message: "a declaration must be a map of keys and values",
    }),
  );
  return null;
}

function isHost(file: DeclaredFile | undefined): boolean {
  return file !== undefined && hasHostKey(file.map);
}

/** One that has keys of a project and none of a host file. */
export function looksLikeProject(map: MapNode): boolean {
  const known = keysOf(projectFile);
  const own = map.entries.filter((entry) => entry.key !== "api_version");
  return own.some((entry) => known.has(entry.key)) && !hasHostKey(map);
}

function keysOf(schema: Checkable): ReadonlySet<string> {
  const expected = expectedAt(schema);
  return new Set(expected.kind === "map" ? expected.members.keys() : []);
}
