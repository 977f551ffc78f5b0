/** Makes the spool directory and leaves the runner its first configuration. Undo: remove-spool. */
import type { ActStep } from "../context.ts";

export const prepareSpool: ActStep<"prepare-spool"> = async (step, { runners }) => {
  await runners.prepareSpool(step.project, step.config);
  return null;
};
