/** Shared by the goldens of converge: a sample project, how it is seen in one state or another, and its plan as text. */
import { expect } from "vitest";
import type { DesiredProject } from "../../src/model/desired-project.ts";
import type { ObservedContainer, RunnerReport } from "../../src/model/observed.ts";
import type { ObservedProject } from "../../src/model/observed-project.ts";
import type { PinnedValues } from "../../src/model/pinned.ts";
import { checkPlan } from "../../src/plan/checks.ts";
import { converge } from "../../src/plan/converge/converge.ts";
import { renderPlan } from "../../src/plan/render.ts";
import { desired, sampleRecord } from "./project-samples.ts";
import { running } from "./sightings.ts";

/** The plan as text; every golden also passes the checks a pass makes before it acts. */
export function plan(wish: DesiredProject, observed: ObservedProject): string {
  const made = converge(wish, observed);
  expect(checkPlan(made, wish, observed)).toEqual([]);
  return renderPlan(made);
}

export const web = desired(sampleRecord());
export const activating = desired(sampleRecord({ phase: "activating" }));
export const up = running(web);
export const withContainer = (change: Partial<ObservedContainer>): ObservedProject => ({
  ...up,
  containers: up.containers.map((each) => ({ ...each, ...change })),
});
export const withRunner = (change: Partial<RunnerReport>): ObservedProject => ({
  ...up,
  runner: up.runner === null ? null : { ...up.runner, ...change },
});
export const stopped = (
  exitCode: number | null,
  rest: Partial<ObservedProject> = {},
): ObservedProject => ({
  ...withContainer({ state: "exited" }),
  inspected: up.inspected.map((each) => ({ ...each, exitCode })),
  runner: null,
  runnerConnected: false,
  ...rest,
});
export const withPinned = (change: Partial<PinnedValues>): ObservedProject => ({
  ...up,
  inspected: up.inspected.map((each) => ({ ...each, pinned: { ...each.pinned, ...change } })),
});
export const withMemory = (
  memoryBytes: number,
  rest: Partial<ObservedProject> = {},
): ObservedProject => ({
  ...up,
  inspected: up.inspected.map((each) => ({ ...each, limits: { ...each.limits, memoryBytes } })),
  ...rest,
});
