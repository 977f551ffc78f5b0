/** Stops a container with its grace; the runner stops every agent first. Already stopped is success. */
import type { ActStep } from "../context.ts";

export const stopContainer: ActStep<"stop-container"> = async (step, { engine }) => {
  await engine.stopContainer(step.containerId, step.graceMs);
  return null;
};
