/** What would have to happen for a task to start, by what binds it. */
import type { ConstraintKind } from "../../plan/pool/limits.ts";

/** A sentence, with the commands that bring it about. */
export function wouldStart(
  kind: ConstraintKind,
  { project, agent }: Readonly<{ project: string; agent: string }>,
): string {
  switch (kind) {
    case "not declared":
      return `${project}/${agent} has to be declared with \`on: task\` and applied`;
    case "capacity":
      return `the project has to run: see \`berth explain ${project}\``;
    case "stopped":
      return `\`berth start ${project}/${agent}\` has to be called`;
    case "breaker open":
      return "the cool-down has to pass and a probe to succeed";
    case "agent max":
      return "one of its tasks has to end, or `max` be raised";
    case "worker target":
      return "its backlog has to grow, or one of its tasks to end";
    case "project limits.agents":
      return "one of the project's processes has to end, or `limits.agents` be raised";
    case "pool full":
      return "any task has to end, or `host.agents` be raised";
    case "guarantees":
      return "a slot more than the guarantees hold has to be free";
    case "turn":
      return "nothing: it is next, or those before it have to start";
    case "backoff until":
      return "its backoff has to pass";
    case "deadline":
      return "nothing: its deadline has passed";
  }
}

/** What binds only who has work: of an agent without any it is not the reason why nothing runs. */
export const OF_WORK: ReadonlySet<ConstraintKind> = new Set([
  "agent max",
  "worker target",
  "project limits.agents",
  "pool full",
  "guarantees",
  "turn",
]);
