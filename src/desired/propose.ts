/** The record a project would have once a proposed declaration were accepted: what previews plan with. */
import { canonicalJson } from "../base/hash.ts";
import { phaseOnChange, phaseOnIntent } from "../model/lifecycle.ts";
import type { ProjectRecord } from "../model/project-record.ts";
import type { ProjectSpec } from "../model/project.ts";
import type { ImageDefaults } from "./runner-config.ts";

/** Stands for an image nobody has looked at yet, so that a preview can show the whole way. */
export const UNSEEN_IMAGE: ImageDefaults = {
  id: null,
  entrypoint: [],
  user: null,
  workdir: null,
  environment: null,
  volumes: [],
};

/** Stands for a subnet that is allocated on acceptance only. */
export const UNALLOCATED_SUBNET = "the next free /28";

/** What accepting `spec` makes of the record; `spec` null: the project is pruned. */
export function proposeRecord(
  before: (ProjectRecord & Readonly<{ declared?: boolean }>) | null,
  proposed: Readonly<{ name: string; spec: ProjectSpec | null; generation: number }>,
): ProjectRecord | null {
  const { spec, generation } = proposed;
  if (before === null) {
    if (spec === null) return null;
    return {
      name: proposed.name,
      spec,
      generation,
      wanted: "active",
      phase: "activating",
      removeVolumes: false,
      restartSerials: {},
      replicas: {},
      stoppedAgents: [],
      subnet: UNALLOCATED_SUBNET,
    };
  }
  if (spec === null)
    return {
      ...before,
      wanted: "inactive",
      phase: phaseOnIntent(before.phase, "inactive") ?? before.phase,
    };
  const sameSpec = canonicalJson(before.spec) === canonicalJson(spec);
  // Accepting wakes what was taken down or pruned; what an operator put aside in another way stays aside.
  const wakes = before.wanted === "inactive" || before.declared === false;
  const phase = sameSpec ? before.phase : phaseOnChange(before.phase, before.wanted);
  return {
    ...before,
    wanted: wakes ? "active" : before.wanted,
    phase: wakes ? (phaseOnIntent(phase, "active") ?? phase) : phase,
    spec,
    generation,
    replicas: keptReplicas(before, spec),
    subnet: before.subnet ?? UNALLOCATED_SUBNET,
  };
}

/** A scale by hand lasts until the declaration says something new about that agent's replicas. */
function keptReplicas(before: ProjectRecord, spec: ProjectSpec): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(before.replicas).filter(
      ([agent]) => before.spec.agents[agent]?.replicas === spec.agents[agent]?.replicas,
    ),
  );
}
