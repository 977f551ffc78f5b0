/** Agents together in one word, worst first: what a person must look at outranks what will pass. */
import type { AgentStatus } from "./agent.ts";

export type AgentsHealth = "healthy" | "starting" | "waiting" | "unhealthy" | "crash-loop";

/** Of none it is healthy: whether any are to be is not theirs to tell. */
export function agentsHealth(agents: readonly AgentStatus[]): AgentsHealth {
  const states = new Set(agents.map(({ state }) => state));
  if (states.has("crash-loop")) return "crash-loop";
  if (states.has("unhealthy")) return "unhealthy";
  if (states.has("waiting")) return "waiting";
  if (states.has("starting") || states.has("backoff") || states.has("stopping")) return "starting";
  const failed = agents.some(
    (agent) =>
      agent.state === "exited" && (agent.lastExit?.code !== 0 || agent.lastExit.signal !== null),
  );
  return failed ? "unhealthy" : "healthy";
}
