/** Creates a project volume. Undo: `remove --volumes` only; volumes are never reaped. */
import type { ActStep } from "../context.ts";

export const createVolume: ActStep<"create-volume"> = async (step, { engine, own }) => {
  await engine.createVolume(step.name, own, {
    "berth.project": step.project,
    "berth.role": "data",
    "berth.volume": step.volume,
  });
  return null;
};
