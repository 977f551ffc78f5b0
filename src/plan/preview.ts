/** What `apply` would do: the plans that a proposed declaration would lead to, and a fingerprint to hold `apply` to them. */
import { canonicalJson, shortHash } from "../base/hash.ts";
import type { DesiredProject } from "../model/desired-project.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { DeclaredChange, Plan } from "../model/step.ts";
import { converge } from "./converge/converge.ts";
import { situationOf } from "./converge/situation.ts";
import { shortStop } from "./notes.ts";
import { renderPlan } from "./render.ts";

/** A project in the words and units of a declaration, nothing left out. */
export type Written = Readonly<Record<string, unknown>>;

export interface Proposal {
  /** What is accepted now; null for a new project. */
  readonly before: Written | null;
  /** What is proposed; null when the declaration no longer names it and it would be pruned. */
  readonly after: Written | null;
  /** Desired as the proposal would make it (see desired/propose). */
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
}

export interface Preview {
  readonly project: string;
  /** `repair`: the declaration stays as it is, the world differs. */
  readonly change: "create" | "update" | "none" | "deactivate" | "repair";
  /** Declared fields old → new. */
  readonly fields: readonly DeclaredChange[];
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
  const fields = after === null ? [] : declaredChanges(before, after);
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
        ...stopOf(proposal, fields, plan),
      ]),
    ],
  };
}

/** A field that no container, network or process is made from. */
const ASIDE = new Set(["priority"]);

/** Why changed fields lead to no step: what an operator put aside is left as it is until it runs again. */
function restOf(
  { wish, wanted }: DesiredProject,
  fields: readonly DeclaredChange[],
): readonly string[] {
  if (wish === "running" || fields.every(({ field }) => ASIDE.has(field))) return [];
  return [`${wanted}: takes effect when it ${wanted === "frozen" ? "is resumed" : "runs again"}`];
}

/** A longer grace holds for Berth's own stops at once; for others' only the next new container has it. */
function stopOf(
  { desired, observed }: Proposal,
  fields: readonly DeclaredChange[],
  plan: Plan,
): readonly string[] {
  const { inspected } = situationOf(desired, observed);
  const needs = desired.container?.stopTimeoutSeconds;
  const renewed = plan.steps.some(({ kind }) => kind === "create-container");
  const concerned = fields.some(({ field }) => field.startsWith("agents"));
  if (inspected === null || needs === undefined || renewed || !concerned) return [];
  const { stopTimeoutSeconds } = inspected;
  if (stopTimeoutSeconds >= needs) return [];
  return [`until its next new container ${shortStop(stopTimeoutSeconds, needs)}`];
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

/** Values of two written projects that differ, by their path. */
export function declaredChanges(before: Written | null, after: Written): readonly DeclaredChange[] {
  return differences(before ?? {}, after, "");
}

function changeOf(
  { before, after }: Proposal,
  fields: readonly DeclaredChange[],
  plan: Plan,
): Preview["change"] {
  if (after === null) return "deactivate";
  if (before === null) return "create";
  if (fields.length > 0) return "update";
  return plan.steps.length > 0 ? "repair" : "none";
}

/** What is said on one side only, or as a word on one side and in parts on the other (`health: none`), is a change all the same. */
function differences(from: unknown, to: unknown, path: string): readonly DeclaredChange[] {
  const [old, young] = [partsOf(from), partsOf(to)];
  if (old === null || young === null) {
    const change = { field: path, from: textOf(from), to: textOf(to) };
    return change.from === change.to ? [] : [change];
  }
  const keys = [...new Set([...Object.keys(old), ...Object.keys(young)])].toSorted();
  return keys.flatMap((key) =>
    differences(
      old[key] ?? sameKind(young[key]),
      young[key] ?? sameKind(old[key]),
      below(path, key),
    ),
  );
}

/** The parts of a map; lists are values: an argv is one to its reader. */
function partsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}

/** Stands for what is not said beside `other`: nothing, or a map without parts, so that the parts of a new agent are told one by one. */
function sameKind(other: unknown): Written | undefined {
  return partsOf(other) === null ? undefined : {};
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : canonicalJson(value);
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
