/** Records, and journals with it, that the project is where it was to go; nothing if somebody moved it meanwhile. */
import type { ActStep } from "../context.ts";

export const settlePhase: ActStep<"settle-phase"> = async (step, { postgres, own, rowOf }) => {
  const moved = await postgres.settlePhase({
    epoch: own.epoch,
    project: step.project,
    from: step.from,
    to: step.to,
    step: rowOf(step),
  });
  return moved ? null : "phase had moved on";
};
