/** Whether what a verb asked for can be seen yet in a project's view; pure. A healthy project alone does not show a restart. */
import type { Project, Steering } from "../client/client.ts";

export type Effect = (after: Project) => boolean;

/** The effect to wait for, given how the project looked before. A project that is not to run shows none until it does. */
export function effectOf(steering: Steering, before: Project): Effect {
  const shown = runningEffect(steering, before);
  return (after) => after.wanted !== "active" || shown(after);
}

function runningEffect({ agent, verb, body }: Steering, before: Project): Effect {
  if (agent === undefined) {
    if (verb !== "restart" || before.containerId === null) return () => true;
    return (after) => after.containerId !== before.containerId;
  }
  const present = (project: Project): Project["agents"] =>
    project.agents.filter((status) => status.agent === agent);
  const alive = (project: Project): number =>
    present(project).filter((status) => status.state !== "exited").length;
  switch (verb) {
    case "restart": {
      const old = new Set(present(before).map((status) => status.runId));
      return (after) =>
        present(after).every((status) => status.runId === null || !old.has(status.runId));
    }
    case "start":
      return (after) => present(after).length > 0;
    case "stop":
      return (after) => alive(after) === 0;
    case "scale": {
      const replicas = Number(body?.["replicas"]);
      return (after) => present(after).length >= replicas && alive(after) <= replicas;
    }
    case "pause":
    case "resume":
    case "complete":
      // these are a project's; its phase shows them
      return () => true;
  }
}
