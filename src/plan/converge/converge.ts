/** Converge: the plan that brings one project from what was observed to what is desired. */
import type { DesiredProject } from "../../model/desired-project.ts";
import type { ObservedProject } from "../../model/observed-project.ts";
import type { Plan } from "../../model/step.ts";
import { createDraft } from "./draft.ts";
import { planFrozen, planStopped } from "./resting.ts";
import { planRunning } from "./running.ts";
import { settlePhase } from "./settle.ts";
import { situationOf } from "./situation.ts";
import { planTeardown } from "./teardown.ts";

/**
 * Decides by the two arguments alone: no clock, no memory of earlier passes. It may take several passes (a thawed
 * runner must answer first, an absent image must be looked at); each plan is safe to abandon after any of its steps.
 */
export function converge(desired: DesiredProject, observed: ObservedProject): Plan {
  const draft = createDraft(desired.project, desired.generation, desired.waiting);
  const situation = situationOf(desired, observed);
  switch (desired.wish) {
    case "running":
      planRunning(draft, situation);
      break;
    case "frozen":
      planFrozen(draft, situation);
      break;
    case "stopped":
      planStopped(draft, situation);
      break;
    case "absent":
      planTeardown(draft, situation);
      break;
  }
  settlePhase(draft, situation);
  return draft.finish();
}
