/** What `apply` would do: the plans that a proposed declaration would lead to, and a fingerprint to hold `apply` to them. */
import { canonicalJson, shortHash } from "../base/hash.ts";
import type { DesiredProject } from "../model/desired-project.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { ProjectSpec } from "../model/project.ts";
import type { FieldChange, Plan } from "../model/step.ts";
import { converge } from "./converge/converge.ts";
import { renderPlan } from "./render.ts";

export interface Proposal {
  /** What is accepted now; null for a new project. */
  readonly before: ProjectSpec | null;
  /** What is proposed; null when the declaration no longer names it and it would be pruned. */
  readonly after: ProjectSpec | null;
  /** Desired as the proposal would make it (see desired/propose). */
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
}

export interface Preview {
  readonly project: string;
  /** `repair`: the declaration stays as it is, the world differs. */
  readonly change: "create" | "update" | "none" | "deactivate" | "repair";
  /** Declared fields old → new. */
  readonly fields: readonly FieldChange[];
  /** Without the bookkeeping of phases: nobody who asks what apply does means that. */
  readonly plan: Plan;
  /** What the plan waits for, and what has to pass before its steps are done. */
  readonly waiting: readonly string[];
}

/**
 * The project pass itself on proposed input, so a preview cannot promise what a pass would not do. Only the firewall is
 * taken as verified: a pass sees to that itself before it goes on, so what it then does is part of what is asked for now.
 */
export function previewProject(proposal: Proposal): Preview {
  const { before, after, desired, observed } = proposal;
  const whole = converge(desired, { ...observed, firewallVerified: true });
  const plan = { ...whole, steps: whole.steps.filter(({ kind }) => kind !== "settle-phase") };
  const fields = after === null ? [] : specChanges(before, after);
  return {
    project: desired.project,
    change: changeOf(proposal, fields, plan),
    fields,
    plan,
    waiting: [
      ...new Set([
        ...plan.waiting,
        ...converge(desired, observed).waiting,
        ...restOf(desired, fields),
      ]),
    ],
  };
}

/** A field that no container, network or process is made from. */
const ASIDE = new Set(["priority"]);

/** Why changed fields lead to no step: what an operator put aside is left as it is until it runs again. */
function restOf(
  { wish, wanted }: DesiredProject,
  fields: readonly FieldChange[],
): readonly string[] {
  if (wish === "running" || fields.every(({ field }) => ASIDE.has(field))) return [];
  return [`${wanted}: takes effect when it ${wanted === "frozen" ? "is resumed" : "runs again"}`];
}

/** Equal for equal plans, whatever has still to pass: `apply` refuses when it is not the one that was shown. */
export function previewFingerprint(previews: readonly Preview[]): string {
  const lines = previews
    .toSorted((a, b) => (a.project < b.project ? -1 : 1))
    .map(({ change, fields, plan }) => [
      change,
      fields,
      renderPlan(plan),
      plan.steps.map(({ changes }) => changes),
    ]);
  return shortHash(lines);
}

/** Leaves of two specs that differ, by their path. */
export function specChanges(
  before: ProjectSpec | null,
  after: ProjectSpec,
): readonly FieldChange[] {
  const from = leaves(before ?? {}, "");
  const to = leaves(after, "");
  return [...new Set([...from.keys(), ...to.keys()])].toSorted().flatMap((field) => {
    const change = { field, from: from.get(field) ?? "none", to: to.get(field) ?? "none" };
    return change.from === change.to ? [] : [change];
  });
}

function changeOf(
  { before, after }: Proposal,
  fields: readonly FieldChange[],
  plan: Plan,
): Preview["change"] {
  if (after === null) return "deactivate";
  if (before === null) return "create";
  if (fields.length > 0) return "update";
  return plan.steps.length > 0 ? "repair" : "none";
}

/** Lists are leaves: an argv is one value to its reader. */
function leaves(value: unknown, path: string): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Map([[path, typeof value === "string" ? value : canonicalJson(value)]]);
  }
  return new Map(
    Object.entries(value).flatMap(([key, field]) => [
      ...leaves(field, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
