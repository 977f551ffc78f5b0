/** A round in which the contender of the lowest rank is next: all that most strategies need. */
import { Heap } from "./heap.ts";
import type { ProjectSight, Round, StrategyMemory, Why } from "./strategy.ts";

export interface Ranking {
  /** Lower goes first; ties go to the longest aged head, then by name. Asked again only for a project that got a slot. */
  readonly rank: (sight: ProjectSight) => number;
  readonly why: (sight: ProjectSight) => Why;
  readonly memory: () => StrategyMemory["numbers"];
}

interface Place {
  readonly sight: ProjectSight;
  rank: number;
  summitAt: number;
  at: number;
}

export function rankedRound(sights: readonly ProjectSight[], ranking: Ranking): Round {
  const places = new Map<string, Place>();
  const heap = new Heap<Place>({
    before: (a, b) => {
      if (a.rank !== b.rank) return a.rank < b.rank;
      if (a.summitAt !== b.summitAt) return a.summitAt < b.summitAt;
      return a.sight.project < b.sight.project;
    },
    moved: (place, at) => {
      place.at = at;
    },
  });
  for (const sight of sights) {
    if (!sight.contends) continue;
    const place = { sight, rank: ranking.rank(sight), summitAt: sight.headSummitAt, at: -1 };
    places.set(sight.project, place);
    heap.push(place);
  }
  return {
    next() {
      const first = heap.peek();
      if (first === undefined) return null;
      return { project: first.sight.project, why: ranking.why(first.sight) };
    },
    granted(project) {
      const place = places.get(project);
      if (place === undefined || place.at < 0) return;
      if (!place.sight.contends) return heap.removeAt(place.at);
      place.rank = ranking.rank(place.sight);
      place.summitAt = place.sight.headSummitAt;
      heap.restore(place.at);
    },
    memory: () => ranking.memory(),
  };
}
