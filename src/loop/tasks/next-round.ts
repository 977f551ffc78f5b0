/** When the next allocation round may decide otherwise though nothing happens meanwhile: a cool-down ends. */
import { raisableAt } from "../../plan/pool/scaling.ts";
import type { Desk } from "./desk-state.ts";
import { keyOf } from "./measures.ts";

/** The earliest end of a cool-down, of scaling or of a breaker, behind which something waits; null: none. */
export function nextRoundAt(desk: Pick<Desk, "session" | "pool" | "measures">): number | null {
  const now = desk.session.now();
  const ends = desk.pool
    .byName()
    .flatMap(({ project, agents }) =>
      [...agents.values()]
        .filter(({ queue }) => queue.size > 0)
        .flatMap(({ agent }) => coolDownsOf(project, agent, desk)),
    )
    .filter((end) => end > now);
  return ends.length === 0 ? null : Math.min(...ends);
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
