/** Detaches the container from a network it should not be on. */
import type { ActStep } from "../context.ts";

export const disconnectNetwork: ActStep<"disconnect-network"> = async (step, { engine }) => {
  await engine.disconnectNetwork(step.networkId, step.containerId);
  return null;
};
