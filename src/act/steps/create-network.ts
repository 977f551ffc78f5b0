/** Creates the project's network. Undo: remove-network. */
import type { ActStep } from "../context.ts";

export const createNetwork: ActStep<"create-network"> = async (step, { engine, own, made }) => {
  made.networkId = await engine.createNetwork(step.network, own, step.project);
  return made.networkId;
};
