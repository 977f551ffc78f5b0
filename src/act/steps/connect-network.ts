/** Attaches the container to its network again; already attached is success. */
import type { ActStep } from "../context.ts";

export const connectNetwork: ActStep<"connect-network"> = async (step, { engine }) => {
  await engine.connectNetwork(step.networkId, step.containerId);
  return null;
};
