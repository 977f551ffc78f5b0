/** When the next allocation round may decide otherwise though nothing happens meanwhile: a cool-down ends. */
import { raisableAt } from "../../plan/pool/scaling.ts";
import type { Desk } from "./desk-state.ts";
import { keyOf } from "./measures.ts";

/** The earliest end of a cool-down, of scaling or of a breaker, behind which something waits; null: none. */
export function nextRoundAt(desk: Pick<Desk, "session" | "pool" | "measures">): number | null {
  const now = desk.session.now();
  let earliest = Infinity;
  for (const { project, agents } of desk.pool.byName())
    for (const { agent, queue } of agents.values())
      if (queue.size > 0)
        for (const end of coolDownsOf(project, agent, desk))
          if (end > now) earliest = Math.min(earliest, end);
  return earliest === Infinity ? null : earliest;
}

function coolDownsOf(
  project: string,
  agent: string,
  { measures }: Pick<Desk, "measures">,
): readonly number[] {
  const key = keyOf(project, agent);
  const target = measures.targets.get(key);
  const breakers = [measures.breakers.get(project), measures.breakers.get(key)];
  return [
    ...(target === undefined ? [] : [raisableAt(target)]),
    ...breakers.flatMap((breaker) => (breaker?.kind === "open" ? [breaker.until] : [])),
  ];
}
