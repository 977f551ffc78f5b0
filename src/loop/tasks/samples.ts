/** What waits and works, by project, for the metrics. */
import { breakerAt } from "../../plan/pool/breaker.ts";
import type { QueueSample } from "../../report/metrics-sources.ts";
import type { DaemonState } from "../state.ts";

/** A sample for each project that declares workers or has tasks all the same; none while nobody leads. */
export function queueSamples(state: Pick<DaemonState, "session" | "now">): readonly QueueSample[] {
  const { session } = state;
  if (session === null || session.desk === null) return [];
  const now = state.now();
  const samples = new Map<string, QueueSample>();
  for (const { name: project, spec } of session.world.records.values())
    if (Object.values(spec.agents).some(({ task }) => task !== null))
      samples.set(project, { project, waiting: 0, running: 0, oldestSeconds: 0 });
  for (const { project, agents, running } of session.desk.pool.byName()) {
    const lines = [...agents.values()];
    // The queues are ordered by urgency, not age: the head's age is a lower bound, which is what an alert needs.
    const heads = lines.flatMap(({ queue }) => queue.head(now) ?? []);
    const oldest = Math.min(now, ...heads.map(({ task }) => task.readyAt));
    const waiting = lines.reduce((sum, { queue }) => sum + queue.size, 0);
    samples.set(project, { project, waiting, running, oldestSeconds: (now - oldest) / 1000 });
  }
  return [...samples.values()];
}

/** Breakers of projects (`project:web`) and of their agents (`agent:web/coder`) that tasks ever moved. */
export function breakerSamples(
  state: DaemonState,
): readonly Readonly<{ name: string; state: "closed" | "open" | "half-open" }>[] {
  const { session } = state;
  if (session === null || session.desk === null) return [];
  const now = state.now();
  return [...session.desk.measures.breakers]
    .filter(([key]) => session.world.records.has(key.split("/")[0] ?? ""))
    .map(([key, breaker]) => ({
      name: key.includes("/") ? `agent:${key}` : `project:${key}`,
      state: breakerAt(breaker, now).kind,
    }));
}
