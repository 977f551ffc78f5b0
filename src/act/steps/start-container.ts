/** Starts a container; already running is success. Undo: stop-container. */
import { BerthError } from "../../base/errors.ts";
import type { ActStep } from "../context.ts";

export const startContainer: ActStep<"start-container"> = async (step, { engine, made }) => {
  const id = step.containerId ?? made.containerId;
  if (id === null)
    throw new BerthError("defect", {
      code: "act.container-unknown",
      detail: `${step.resource} was not created before its start`,
    });
  await engine.startContainer(id);
  return id;
};
