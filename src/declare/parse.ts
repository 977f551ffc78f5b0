/** A bundle of YAML to the declaration it means, or to everything that is wrong with it; pure. */
import { posix } from "node:path";
import type { Bundle } from "../model/bundle.ts";
import type { Declaration, HostSpec, ProjectSpec } from "../model/project.ts";
import { hostLayer } from "../schema/host-file.ts";
import { projectLayer } from "../schema/project-file.ts";
import { checkProject } from "./check-project.ts";
import { makeExpand } from "./expand.ts";
import { readFiles } from "./files.ts";
import type { Files } from "./files.ts";
import type { Environment } from "./interpolate.ts";
import { layerProjects, refuseBadTemplates } from "./layers.ts";
import type { LayeredProject } from "./layers.ts";
import { mergeLayers } from "./merge.ts";
import { mapOf } from "./node.ts";
import type { MapNode } from "./node.ts";
import { makeOrigins } from "./origins.ts";
import type { Origins } from "./origins.ts";
import { MAX_PROBLEMS, sortProblems } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { resolveHost, resolveProject } from "./resolve.ts";
import type { Absolute } from "./resolve.ts";
import { isTouched, withoutFaults } from "./sound-part.ts";
import { examine, validate } from "./validate.ts";

export interface ParseContext {
  /** Values for `${NAME}`; null when the texts are interpolated already. */
  readonly environment: Environment | null;
  /** What `loadBundle` found wrong, told together with the rest. */
  readonly found?: readonly Problem[];
}

export type Parsed =
  | Readonly<{
      ok: true;
      declaration: Declaration;
      origins: Origins;
      /** Some file has a `host:` section; without one `declaration.host` is all defaults, and an accepted host should stay. */
      hostDeclared: boolean;
    }>
  | Readonly<{ ok: false; problems: readonly Problem[] }>;

/** Same bundle and environment, same answer; all problems at once, by file and position. */
export function parseBundle(bundle: Bundle, context: ParseContext = { environment: null }): Parsed {
  const problems: Problem[] = [...(context.found ?? [])];
  const files = readFiles(
    bundle,
    problems,
    context.environment === null ? null : makeExpand(context.environment, problems),
  );
  const absolute = startingAt(bundle.base, files.host?.source.name ?? "");
  const hostMap = mergedHost(files);
  const host = hostOf(hostMap, absolute);
  refuseBadTemplates(files, problems);
  const projects: Record<string, ProjectSpec> = {};
  const maps = new Map<string, MapNode>();
  for (const layered of layerProjects(files, problems)) {
    const resolved = resolveOne(layered, { absolute, host, problems });
    if (resolved === null) continue;
    projects[layered.name] = resolved.spec;
    maps.set(layered.name, resolved.map);
  }
  if (problems.length > 0) return { ok: false, problems: sortProblems(problems) };
  const declaration: Declaration = { host: host ?? resolveHost({}, absolute), projects };
  return {
    ok: true,
    declaration,
    origins: makeOrigins(declaration, hostMap, maps),
    hostDeclared: hostMap !== null,
  };
}

/** Relative paths start at the host file, or without one at the bundle. */
function startingAt(base: string, hostName: string): Absolute {
  const directory = posix.join("/", base, posix.dirname(hostName));
  return (path) => {
    const absolute = posix.isAbsolute(path) ? posix.normalize(path) : posix.join(directory, path);
    return absolute.length > 1 ? absolute.replace(/\/$/, "") : absolute;
  };
}

function mergedHost(files: Files): MapNode | null {
  const bases = [...(files.host === null ? [] : [files.host]), ...files.overlays];
  const [first, ...rest] = bases
    .flatMap((base) => mapOf(base.map, "host") ?? [])
    .map((map) => ({ name: "", map }));
  return first === undefined ? null : mergeLayers([first, ...rest]);
}

/** Null when the host section is broken; its problems were told with its file. */
function hostOf(map: MapNode | null, absolute: Absolute): HostSpec | null {
  const layer = map === null ? {} : validate(hostLayer, map, []);
  return layer === null ? null : resolveHost(layer, absolute);
}

interface Resolving {
  readonly absolute: Absolute;
  readonly host: HostSpec | null;
  readonly problems: Problem[];
}

/** Faults inside a layer were told with its file; what they do not touch is checked all the same. */
function resolveOne(
  layered: LayeredProject,
  { absolute, host, problems }: Resolving,
): Readonly<{ spec: ProjectSpec; map: MapNode }> | null {
  const map = mergeLayers(layered.layers);
  const whole = examine(projectLayer, map);
  const faults = whole.ok ? [] : whole.faults;
  if (faults.length > 0 && problems.length === 0) validate(projectLayer, map, problems);
  // Past the bound nobody reads them.
  if (faults.length > 0 && problems.length > MAX_PROBLEMS) return null;
  const sound = withoutFaults(map, faults);
  const rest = whole.ok || sound === null ? whole : examine(projectLayer, sound);
  if (!rest.ok) return null;
  const spec = resolveProject(layered.name, rest.value, absolute);
  if (layered.whole)
    for (const { problem, reads } of checkProject({ spec, map, span: layered.span }, host))
      if (!reads.some((path) => isTouched(path, faults))) problems.push(problem);
  return whole.ok ? { spec, map } : null;
}
