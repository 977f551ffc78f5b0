/** What waits and works, by project, for the metrics. */
import type { QueueSample } from "../../report/metrics-sources.ts";
import type { DaemonState } from "../state.ts";

/** A sample for each project with waiting or running tasks; none while nobody leads. */
export function queueSamples(state: Pick<DaemonState, "session" | "now">): readonly QueueSample[] {
  const desk = state.session?.desk ?? null;
  if (desk === null) return [];
  const now = state.now();
  return desk.pool.byName().map(({ project, agents, running }) => {
    const lines = [...agents.values()];
    // The queues are ordered by urgency, not age: the head's age is a lower bound, which is what an alert needs.
    const heads = lines.flatMap(({ queue }) => queue.head(now) ?? []);
    const oldest = Math.min(now, ...heads.map(({ task }) => task.readyAt));
    const waiting = lines.reduce((sum, { queue }) => sum + queue.size, 0);
    return { project, waiting, running, oldestSeconds: (now - oldest) / 1000 };
  });
}
