/** Gives the project's subnet back to the pool. */
import type { ActStep } from "../context.ts";

export const releaseSubnet: ActStep<"release-subnet"> = async (step, { postgres, own }) => {
  await postgres.releaseSubnet({ epoch: own.epoch, project: step.project });
  return null;
};
