/** Removes a stopped container by id; already gone is success. */
import type { ActStep } from "../context.ts";

export const removeContainer: ActStep<"remove-container"> = async (step, { engine }) => {
  await engine.removeContainer(step.containerId);
  return null;
};
