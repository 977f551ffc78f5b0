/** Records that the project is where it was to go; nothing if somebody moved it meanwhile. */
import type { ActStep } from "../context.ts";

export const settlePhase: ActStep<"settle-phase"> = async (step, { postgres, own }) => {
  const moved = await postgres.settlePhase({
    epoch: own.epoch,
    project: step.project,
    from: step.from,
    to: step.to,
  });
  return moved ? null : "phase had moved on";
};
