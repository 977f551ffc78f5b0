/** Which layers make up each project, and what is wrong with how they refer to one another. */
import { NAME } from "../schema/text.ts";
import { BOUNDS } from "../schema/bounds.ts";
import type { DeclaredFile, Files } from "./files.ts";
import type { Layer } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { mapOf, sizeOf, valueOf } from "./node.ts";
import type { MapNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { positionAt, problemAt } from "./source.ts";
import type { Span } from "./source.ts";

/** One project before merging: where it was named, and its layers with the lowest first. */
export interface LayeredProject {
  readonly name: string;
  readonly span: Span;
  readonly layers: readonly [Layer, ...(readonly Layer[])];
  /** Every template it extends exists; else what it lacks may be what the missing one would have brought. */
  readonly whole: boolean;
}

interface Named {
  readonly name: string;
  readonly span: Span;
  readonly map: MapNode;
}

/** Every project of the files with its layers; duplicate names, unknown templates and cycles become problems. */
export function layerProjects(files: Files, problems: Problem[]): readonly LayeredProject[] {
  const declared = [
    ...(files.single ? [] : namedIn(files.host, problems)),
    ...files.projects.flatMap(namedFile),
  ];
  const projects = withoutDuplicates(declared, problems);
  const known = new Map(projects.map((project) => [project.name, project]));
  if (!files.single) refuseUnknownOverlays(files, known, problems);
  if (known.size > BOUNDS.projects) {
    const span = projects[0]?.span;
    const message = `${known.size} projects are declared; at most ${BOUNDS.projects} may be`;
    if (span !== undefined) problems.push(problemAt(span, { code: "declare.too-big", message }));
  }
  let size = 0;
  return projects.flatMap((project) => {
    if (size > BOUNDS.inheritedNodes) return [];
    const before = problems.length;
    const layers = layersOf(project, files, problems);
    const whole = problems.length === before;
    size += layers.reduce((sum, { map }) => sum + sizeOf(map), 0);
    if (size > BOUNDS.inheritedNodes) problems.push(inheritedTooMuch(project));
    return [{ name: project.name, span: project.span, layers, whole }];
  });
}

/** Said once, at the project that is one too many; merging and checking the rest would cost too much time. */
function inheritedTooMuch({ span }: Named): Problem {
  const message = `from here on the projects inherit more than ${BOUNDS.inheritedNodes} values in all`;
  return problemAt(span, { code: "declare.too-big", message });
}

/** Entries of a host file's `projects:`; a `name` inside must repeat the key. */
function namedIn(host: DeclaredFile | null, problems: Problem[]): readonly Named[] {
  const named: Named[] = [];
  for (const { key, span, value } of mapOf(host?.map, "projects")?.entries ?? []) {
    const own = valueOf(value, "name");
    if (own?.kind === "scalar" && own.text !== key) {
      const message = `projects.${key}.name must be ${key}, the key it stands under`;
      problems.push(problemAt(own.span, { code: "declare.bad-value", message }));
    }
    if (value.kind === "map" && NAME.test(key)) named.push({ name: key, span, map: value });
  }
  return named;
}

function namedFile({ map }: DeclaredFile): readonly Named[] {
  const name = valueOf(map, "name");
  return name?.kind === "scalar" && NAME.test(name.text)
    ? [{ name: name.text, span: name.span, map }]
    : [];
}

/** A name declared twice is wrong at both places; the first one goes on, so that the rest of it is checked too. */
function withoutDuplicates(declared: readonly Named[], problems: Problem[]): readonly Named[] {
  const byName = Map.groupBy(declared, ({ name }) => name);
  return [...byName].flatMap(([name, all]) => {
    for (const one of all.length > 1 ? all : []) {
      const other = all.find((candidate) => candidate !== one) ?? one;
      const hint = `the other one is at ${place(other.span)}`;
      problems.push(
        problemAt(one.span, {
          code: "declare.duplicate-project",
          message: `project ${name} is declared twice`,
          hint,
        }),
      );
    }
    return all.slice(0, 1);
  });
}

/** An overlay changes what exists: a new name there is nearly always a misspelt one. */
function refuseUnknownOverlays(
  files: Files,
  known: ReadonlyMap<string, Named>,
  problems: Problem[],
): void {
  for (const overlay of files.overlays) {
    for (const { key, span } of mapOf(overlay.map, "projects")?.entries ?? []) {
      if (known.has(key) || !NAME.test(key)) continue;
      const meant = nearest(key, [...known.keys()]);
      const hint =
        meant === null
          ? "an overlay only changes projects that the other files declare"
          : `did you mean \`${meant}\`?`;
      problems.push(
        problemAt(span, {
          code: "declare.unknown-project",
          message: `no file declares project ${key}`,
          hint,
        }),
      );
    }
  }
}

function layersOf(project: Named, files: Files, problems: Problem[]): LayeredProject["layers"] {
  const bases = basesOf(files);
  const overlaid = files.overlays.flatMap(
    (overlay) => mapOf(mapOf(overlay.map, "projects"), project.name) ?? [],
  );
  const templates = templateChain([project.map, ...overlaid], bases, problems).flatMap((template) =>
    bases.flatMap((base) =>
      layerOf(`template ${template}`, mapOf(mapOf(base.map, "templates"), template)),
    ),
  );
  const defaults = bases.flatMap((base) => layerOf("defaults", mapOf(base.map, "defaults")));
  const own: Layer = { name: "", map: project.map };
  const overlays = overlaid.flatMap((map) => layerOf("", map));
  const [first, ...rest] = [...templates, ...defaults, own, ...overlays];
  return [first ?? own, ...rest];
}

function basesOf(files: Files): readonly DeclaredFile[] {
  return [...(files.host === null ? [] : [files.host]), ...files.overlays];
}

function layerOf(name: string, map: MapNode | undefined): readonly Layer[] {
  return map === undefined ? [] : [{ name, map }];
}

/** Names of the templates that `extends` leads to, the deepest first; a circle ends where it would close. */
function templateChain(
  from: readonly MapNode[],
  bases: readonly DeclaredFile[],
  problems: Problem[] | null,
): readonly string[] {
  const chain: string[] = [];
  let next = lastExtends(from);
  while (next !== null && !chain.includes(next.name)) {
    const maps = templateMaps(next.name, bases);
    if (maps.length === 0) {
      if (chain.length === 0) problems?.push(unknownTemplate(next.name, next.span, bases));
      break;
    }
    chain.push(next.name);
    next = lastExtends(maps);
  }
  return chain.toReversed();
}

/** What is wrong between templates, whether a project uses them or not; a circle is told once, at its first name. */
export function refuseBadTemplates(files: Files, problems: Problem[]): void {
  const bases = basesOf(files);
  const names = new Set(
    bases.flatMap((base) => mapOf(base.map, "templates")?.entries.map((entry) => entry.key) ?? []),
  );
  for (const name of names) {
    const maps = templateMaps(name, bases);
    const chain = templateChain(maps, bases, problems).toReversed();
    const next = lastExtends(maps);
    const first = chain.every((other) => name <= other);
    if (!chain.includes(name) || !first || next === null) continue;
    const circle = [name, ...chain.slice(0, chain.indexOf(name) + 1)].join(" → ");
    problems.push(
      problemAt(next.span, {
        code: "declare.extends-cycle",
        message: `extends goes in a circle: ${circle}`,
      }),
    );
  }
}

function templateMaps(name: string, bases: readonly DeclaredFile[]): readonly MapNode[] {
  return bases.flatMap((base) => mapOf(mapOf(base.map, "templates"), name) ?? []);
}

function lastExtends(maps: readonly MapNode[]): Readonly<{ name: string; span: Span }> | null {
  const node = maps
    .map((map) => valueOf(map, "extends"))
    .findLast((value) => value?.kind === "scalar");
  return node?.kind === "scalar" && typeof node.value === "string"
    ? { name: node.value, span: node.span }
    : null;
}

function unknownTemplate(name: string, span: Span, bases: readonly DeclaredFile[]): Problem {
  const known = bases.flatMap(
    (base) => mapOf(base.map, "templates")?.entries.map((entry) => entry.key) ?? [],
  );
  const meant = nearest(name, known);
  const hint =
    known.length === 0
      ? "no templates are declared"
      : `declared are: ${known.slice(0, 16).join(", ")}`;
  return problemAt(span, {
    code: "declare.unknown-template",
    message: `extends names no template: ${name}`,
    hint: meant === null ? hint : `did you mean \`${meant}\`?`,
  });
}

function place(span: Span): string {
  const { line } = positionAt(span.source, span.start);
  return `${span.source.name}:${line}`;
}
