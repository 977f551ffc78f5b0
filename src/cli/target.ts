/** `PROJECT`, `PROJECT/AGENT` or `PROJECT/AGENT#REPLICA`, as verbs take them. */
import { usage } from "./context.ts";

export interface Target {
  readonly project: string;
  readonly agent: string | null;
}

export interface ReplicaTarget extends Target {
  /** Null for every one. */
  readonly replica: number | null;
}

/** Parses a target; throws usage. */
export function targetOf(word: string): Target {
  const [project = "", agent, more] = word.split("/");
  if (project === "" || agent === "" || more !== undefined)
    throw usage(`"${word}" is neither PROJECT nor PROJECT/AGENT`, "for instance web, or web/coder");
  return { project, agent: agent ?? null };
}

/** A target as lines of output name their speaker; throws usage. */
export function replicaTargetOf(word: string): ReplicaTarget {
  const { project, agent } = targetOf(word);
  const [name = "", replica, more] = (agent ?? "").split("#");
  if (agent === null || replica === undefined) return { project, agent, replica: null };
  if (name === "" || !/^\d{1,4}$/.test(replica) || more !== undefined)
    throw usage(`${word} names no replica`, "for instance web/coder#0");
  return { project, agent: name, replica: Number(replica) };
}

/** A project without an agent; throws usage when one is named. */
export function projectOf(word: string): string {
  const { project, agent } = targetOf(word);
  if (agent === null) return project;
  throw usage(`this verb takes projects, not agents: ${word}`);
}
