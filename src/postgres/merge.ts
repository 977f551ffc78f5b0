/** What accepting a declaration changes in the recorded projects; pure. */
import { canonicalJson } from "../base/hash.ts";
import { mayMove, phaseOnChange, phaseOnIntent } from "../model/lifecycle.ts";
import type { Phase, Wanted } from "../model/lifecycle.ts";
import type { ProjectSpec } from "../model/project.ts";
import type { ProjectRow } from "./door.ts";

export interface MergeRequest {
  readonly source: string;
  /** The projects are the whole accepted set, not this source's alone: all others are unnamed. */
  readonly whole: boolean;
  /** By project: where it is declared, if not by `source`. */
  readonly sources: Readonly<Record<string, string>>;
  readonly projects: Readonly<Record<string, ProjectSpec>>;
  readonly prune: boolean;
  /** Whether this also wakes what `down` made inactive: an operator's apply does, the daemon's own re-reading does not. */
  readonly wakes: boolean;
  /** The generation that will be written if anything changes. */
  readonly generation: number;
}

/** The columns an accept may write. */
export type ProjectChange = Pick<
  ProjectRow,
  | "name"
  | "spec"
  | "generation"
  | "source"
  | "declared"
  | "wanted"
  | "phase"
  | "replicas"
  | "stoppedAgents"
>;

export interface Merge {
  readonly inserts: readonly ProjectChange[];
  readonly updates: readonly ProjectChange[];
  readonly pruned: readonly string[];
  readonly unnamed: readonly string[];
  /** Named, but still being removed: accepting them now would lose them when the removal ends. */
  readonly leaving: readonly string[];
}

/** Identical input and rows give empty inserts, updates and pruned: nothing is to be written. */
export function mergeProjects(rows: readonly ProjectRow[], request: MergeRequest): Merge {
  const known = new Map(rows.map((row) => [row.name, row]));
  const named = Object.values(request.projects);
  const unnamed = rows.filter(
    (row) =>
      (request.whole || row.source === request.source) &&
      row.declared &&
      request.projects[row.name] === undefined &&
      row.wanted !== "removed",
  );
  const updates = named.flatMap((spec) => {
    const row = known.get(spec.name);
    return row === undefined ? [] : (changed(row, redeclared(row, spec, request)) ?? []);
  });
  const pruned = request.prune ? unnamed.map(deactivated) : [];
  return {
    inserts: named
      .filter((spec) => !known.has(spec.name))
      .map((spec) => firstDeclared(spec, request)),
    updates: [...updates, ...pruned],
    pruned: pruned.map((row) => row.name),
    unnamed: request.prune ? [] : unnamed.map((row) => row.name),
    leaving: named.flatMap((spec) =>
      known.get(spec.name)?.wanted === "removed" ? [spec.name] : [],
    ),
  };
}

function firstDeclared(spec: ProjectSpec, request: MergeRequest): ProjectChange {
  return {
    name: spec.name,
    spec,
    generation: request.generation,
    source: request.sources[spec.name] ?? request.source,
    declared: true,
    wanted: "active",
    phase: "activating",
    replicas: {},
    stoppedAgents: [],
  };
}

function redeclared(row: ProjectRow, spec: ProjectSpec, request: MergeRequest): ProjectChange {
  const wakes = !row.declared || (row.wanted === "inactive" && request.wakes);
  const sameSpec = canonicalJson(row.spec) === canonicalJson(spec);
  return {
    ...row,
    ...(sameSpec ? {} : { phase: phaseOnChange(row.phase, row.wanted) }),
    ...(wakes ? moved(row, "active") : {}),
    spec,
    generation: sameSpec ? row.generation : request.generation,
    source: request.sources[spec.name] ?? request.source,
    declared: true,
    replicas: keptReplicas(row, spec),
    stoppedAgents: row.stoppedAgents.filter((agent) => spec.agents[agent] !== undefined),
  };
}

function deactivated(row: ProjectRow): ProjectChange {
  return { ...row, ...moved(row, "inactive"), declared: false };
}

/** The wish and the phase it begins; a phase that cannot be left that way stays, and the daemon goes on from there. */
function moved(row: ProjectRow, wanted: Wanted): Readonly<{ wanted: Wanted; phase: Phase }> {
  const next = phaseOnIntent(row.phase, wanted) ?? row.phase;
  return { wanted, phase: mayMove(row.phase, next) ? next : row.phase };
}

/** A `scale` holds until the declaration itself says another number for that agent. */
function keptReplicas(row: ProjectRow, spec: ProjectSpec): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(row.replicas).filter(([agent]) => {
      const now = spec.agents[agent]?.replicas;
      return now !== undefined && now === row.spec.agents[agent]?.replicas;
    }),
  );
}

function changed(row: ProjectRow, next: ProjectChange): ProjectChange | undefined {
  return canonicalJson(columns(row)) === canonicalJson(columns(next)) ? undefined : next;
}

function columns(row: ProjectChange): ProjectChange {
  const { name, spec, generation, source, declared, wanted, phase, replicas, stoppedAgents } = row;
  return { name, spec, generation, source, declared, wanted, phase, replicas, stoppedAgents };
}
