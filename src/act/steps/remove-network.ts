/** Removes a network of ours by id; already gone is success. */
import type { ActStep } from "../context.ts";

export const removeNetwork: ActStep<"remove-network"> = async (step, { engine }) => {
  await engine.removeNetwork(step.networkId);
  return null;
};
