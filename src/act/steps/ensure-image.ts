/** Makes sure the image is on the host. Undo: none; unused images are the operator's. */
import type { ActStep } from "../context.ts";

export const ensureImage: ActStep<"ensure-image"> = async (step, { engine }) => {
  const image = await engine.ensureImage(step.image);
  return image.id;
};
