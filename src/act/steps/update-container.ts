/** Changes limits of a running container, memory together with swap. */
import type { ActStep } from "../context.ts";

export const updateContainer: ActStep<"update-container"> = async (step, { engine }) => {
  await engine.updateContainer(step.containerId, step.limits);
  return null;
};
