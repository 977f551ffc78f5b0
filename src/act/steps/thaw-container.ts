/** Thaws a frozen container; not frozen is success. */
import type { ActStep } from "../context.ts";

export const thawContainer: ActStep<"thaw-container"> = async (step, { engine, runners }) => {
  await engine.thawContainer(step.containerId);
  runners.setFrozen(step.project, false);
  return null;
};
