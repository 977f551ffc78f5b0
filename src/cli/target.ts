/** `PROJECT` or `PROJECT/AGENT`, as verbs take them. */
import { usage } from "./context.ts";

export interface Target {
  readonly project: string;
  readonly agent: string | null;
}

/** Parses a target; throws usage. */
export function targetOf(word: string): Target {
  const [project = "", agent, more] = word.split("/");
  if (project === "" || agent === "" || more !== undefined)
    throw usage(`${word} is neither PROJECT nor PROJECT/AGENT`, "for instance web, or web/coder");
  return { project, agent: agent ?? null };
}

/** A project without an agent; throws usage when one is named. */
export function projectOf(word: string): string {
  const { project, agent } = targetOf(word);
  if (agent === null) return project;
  throw usage(`this verb takes projects, not agents: ${word}`);
}
