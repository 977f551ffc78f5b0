/** Memory reserved right now, for people and metrics: the limits of what lives by the newest look, and grants being acted on. */
import { isOurs } from "../observe/belongings.ts";
import { isLive } from "../plan/live.ts";
import type { Session } from "./session.ts";

/** Bytes. Admission itself reads limits from the engine; this answers from memory and costs nothing. */
export function reservedBytes({ world, relist }: Session): number {
  const { install, installUid } = world.install;
  const taken = new Map<string, number>(world.acting);
  for (const { id, own, state } of relist.latest()?.containers ?? []) {
    if (!isOurs(own, install, installUid) || !isLive(state)) continue;
    const limit =
      world.applied.get(id)?.memoryBytes ?? world.allocations.get(own.project ?? "")?.memoryBytes;
    const key = own.project ?? id;
    taken.set(key, Math.max(taken.get(key) ?? 0, limit ?? 0));
  }
  return [...taken.values()].reduce((sum, bytes) => sum + bytes, 0);
}
