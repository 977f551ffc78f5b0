/** A project as accepted and recorded: what `desired` needs of its row in Postgres. */
import type { AgentSpec } from "./agent.ts";
import type { Phase, Wanted } from "./lifecycle.ts";
import type { ProjectSpec } from "./project.ts";

/** Structurally a part of the Postgres door's `ProjectRow`. */
export interface ProjectRecord {
  readonly name: string;
  readonly spec: ProjectSpec;
  readonly generation: number;
  readonly wanted: Wanted;
  readonly phase: Phase;
  /** `remove --volumes`: take workspaces too. */
  readonly removeVolumes: boolean;
  /** Restart serials by agent; `*` is every agent. */
  readonly restartSerials: Readonly<Record<string, number>>;
  /** Replica overrides by agent (`scale`). */
  readonly replicas: Readonly<Record<string, number>>;
  /** Agents stopped by hand. */
  readonly stoppedAgents: readonly string[];
  /** The project's /28, null until one is allocated. */
  readonly subnet: string | null;
}

/** How many processes of a service are to be kept running: as declared, as scaled by hand, none while it is stopped by hand. */
export function wantedReplicas(
  { name, task, replicas }: AgentSpec,
  record: Pick<ProjectRecord, "replicas" | "stoppedAgents">,
): number {
  // what was scaled by hand as a service must not run on when it has become a worker
  if (task !== null || record.stoppedAgents.includes(name)) return 0;
  return record.replicas[name] ?? replicas;
}
