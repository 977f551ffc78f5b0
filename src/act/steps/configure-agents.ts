/** Tells the runner what to keep running; it restarts only what changed. */
import type { ActStep } from "../context.ts";

export const configureAgents: ActStep<"configure-agents"> = async (
  step,
  { runners, secretsOf },
) => {
  if (step.config.secretNames.length > 0) {
    await runners.secrets(step.project, await secretsOf(step.project, step.config.secretNames));
  }
  await runners.configure(step.project, step.config);
  return null;
};
