/** Creates the project's container; adopts one that an answer-lost create left. Undo: remove-container. */
import type { ActStep } from "../context.ts";

export const createContainer: ActStep<"create-container"> = async (step, { engine, own, made }) => {
  made.containerId = await engine.createContainer(step.container, own);
  return made.containerId;
};
