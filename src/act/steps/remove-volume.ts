/** Removes a project volume and the data in it; planned only for `remove --volumes`. */
import type { ActStep } from "../context.ts";

export const removeVolume: ActStep<"remove-volume"> = async (step, { engine }) => {
  await engine.removeVolume(step.name);
  return null;
};
