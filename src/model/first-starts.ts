/** First starts: agents of a container that need nothing its runner alone can find out, and so run before it does. */
import { planAgent, isWorker } from "./agent-plan.ts";
import type { AgentPlan } from "./agent-plan.ts";
import type { RunnerConfig } from "./desired.ts";
import { DEFAULT_IDENTITY } from "./identity.ts";
import type { Identity } from "./identity.ts";

/** More are the runner's: what is asked for at once must fit the launcher's buffers. */
const MAX_FIRST_STARTS = 64;
/** An image's USER that means root, for which agents run as the default user, whatever its user database says. */
const ROOT = [null, "", "0", "root", "0:0", "root:root"];

export interface FirstStarts {
  /** Whose the workspace is to be, and as whom all of them run. */
  readonly owner: Identity;
  readonly starts: readonly Readonly<{ plan: AgentPlan; replica: number }>[];
}

/**
 * All services of a project, or null when any must wait for the runner: for secrets, a clone, a workspace that is not
 * ours to prepare, or a user whom only the image's own database knows.
 */
export function firstStarts(config: RunnerConfig): FirstStarts | null {
  const services = config.agents.filter((agent) => !isWorker(agent) && agent.replicas > 0);
  const { environment, user } = config.image;
  if (environment === null || !ROOT.includes(user)) return null;
  if (config.secretNames.length > 0 || config.git !== null || config.workspaceOwner !== null)
    return null;
  if (services.some((agent) => agent.user !== null)) return null;
  // As PID 1 is given it: the engine adds the name of the host, which is the project's.
  const image = {
    environment: { HOSTNAME: config.project, ...environment },
    users: { passwd: "", group: "" },
  };
  const asDefault = { ...config, image: { ...config.image, user: null } };
  const starts = services.flatMap((spec) => {
    const plan = planAgent(spec, asDefault, image);
    return Array.from({ length: spec.replicas }, (_, replica) => ({ plan, replica }));
  });
  if (starts.length === 0 || starts.length > MAX_FIRST_STARTS) return null;
  return { owner: DEFAULT_IDENTITY, starts };
}
