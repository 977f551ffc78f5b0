/** Removes the project's spool: journal and kept output. Its runs stay recorded. */
import type { ActStep } from "../context.ts";

export const removeSpool: ActStep<"remove-spool"> = async (step, { runners }) => {
  runners.detach(step.project);
  await runners.removeSpool(step.project);
  return null;
};
