/** Recording that a project is where it was to go: only once nothing is left to do and that could be seen. */
import { mayMove, phaseOnIntent, settledPhase, type Phase } from "../../model/lifecycle.ts";
import type { Draft } from "./draft.ts";
import type { Situation } from "./situation.ts";

/** Adds settle-phase to an otherwise empty plan when observed is desired and the phase does not say so yet. */
export function settlePhase(draft: Draft, situation: Situation): void {
  const { desired } = situation;
  const target = settledPhase(desired.wanted);
  if (!draft.isEmpty() || desired.phase === target || !isReached(draft, situation)) return;
  const to = nextPhase(situation, target);
  if (to === null) return;
  draft.add(
    { kind: "settle-phase", from: desired.phase, to },
    { resource: `project:${desired.project}`, cause: `everything is as wanted: ${desired.wanted}` },
  );
}

/** The target, or the transitional phase on the way to it when the table knows no direct move. */
function nextPhase({ desired }: Situation, target: Phase): Phase | null {
  if (mayMove(desired.phase, target)) return target;
  const way = phaseOnIntent(desired.phase, desired.wanted);
  return way !== null && way !== desired.phase && mayMove(desired.phase, way) ? way : null;
}

function isReached(draft: Draft, { desired, observed, kept, leaving }: Situation): boolean {
  if (leaving.length > 0) return false;
  if (desired.wish !== "running") return true;
  if (kept?.state !== "running") return false;
  if (!observed.runnerConnected || observed.runner === null) {
    draft.wait("runner: not connected yet");
    return false;
  }
  return desired.runnerConfig !== null && observed.runner.configHash === desired.runnerConfig.hash;
}
