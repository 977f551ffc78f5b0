/** Freezes a container; already frozen is success. Undo: thaw-container. */
import type { ActStep } from "../context.ts";

export const pauseContainer: ActStep<"pause-container"> = async (step, { engine, runners }) => {
  await engine.pauseContainer(step.containerId);
  runners.setFrozen(step.project, true);
  return null;
};
