/** Which agent processes are started again, as the counter of restarts means it: not each that ends, and no task. */
import type { JournalEvent } from "../model/run.ts";
import type { World } from "./world.ts";

/**
 * The agent whose service this event says was started again: after an end that was not an operator's stop, as far as this daemon
 * heard of that end; else null. Takes every event, in the journal's order.
 */
export function startedAgain(
  project: string,
  event: JournalEvent,
  { ended }: Pick<World, "ended">,
): string | null {
  if (event.kind !== "started" && event.kind !== "exited" && event.kind !== "lost") return null;
  const replicas = ended.get(project) ?? new Set();
  ended.set(project, replicas);
  const replica = `${event.agent}#${event.replica}`;
  if (event.kind === "started")
    return replicas.delete(replica) && event.task === undefined ? event.agent : null;
  const isStop = event.kind === "exited" && (event.cause === "stop" || event.cause === "shutdown");
  if (isStop) replicas.delete(replica);
  else replicas.add(replica);
  return null;
}
