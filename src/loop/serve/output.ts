/** Output of a project's agents, of one that is declared or once ran. */
import type { OutputLine, OutputQuery } from "../../runners/door.ts";
import { type DaemonState, leading } from "../state.ts";
import { requireAgent } from "./views.ts";

/** An agent nobody ever heard of is a usage error: its silence would look like an answer. */
export async function* readOutput(
  query: OutputQuery,
  signal: AbortSignal,
  state: DaemonState,
): AsyncGenerator<OutputLine> {
  const { runners } = leading(state).doors;
  if (query.agent !== null && !(await onceRan(query.project, query.agent, state)))
    requireAgent(query.project, query.agent, state);
  yield* runners.output(query, signal, (run) => hasEnded(run, state));
}

/** While nobody can tell, it may have: what is on the spool is read without Postgres. */
async function onceRan(
  project: string,
  agent: string,
  { postgres }: DaemonState,
): Promise<boolean> {
  const runs = await postgres.runs({ project, agent, limit: 1 }).catch(() => null);
  return runs === null || runs.length > 0;
}

/** While nobody can tell, it has not. */
async function hasEnded(run: string, { postgres }: DaemonState): Promise<boolean> {
  const record = await postgres.run(run).catch(() => null);
  return record !== null && record.endedAt !== null;
}
