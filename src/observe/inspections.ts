/** Inspections: what only an inspect tells, remembered per container until an event or a step of ours names it. */
import type { InspectedContainer } from "../model/observed.ts";

/** Containers remembered at most; far above what one host runs, so it only guards against a leak. */
const MAX_REMEMBERED = 2_000;

export interface Inspections {
  of(containerId: string): Promise<InspectedContainer | null>;
  /** What is remembered, without asking anybody. */
  known(containerId: string): InspectedContainer | null;
  forget(containerId: string): void;
  forgetAll(): void;
  /** Drops what is remembered of containers that no longer exist. */
  keepOnly(containerIds: ReadonlySet<string>): void;
}

export function createInspections(
  inspect: (id: string) => Promise<InspectedContainer | null>,
): Inspections {
  const known = new Map<string, InspectedContainer>();
  return {
    async of(id) {
      const remembered = known.get(id);
      if (remembered !== undefined) return remembered;
      const inspected = await inspect(id);
      if (inspected !== null) {
        if (known.size >= MAX_REMEMBERED) known.clear();
        known.set(id, inspected);
      }
      return inspected;
    },
    known: (id) => known.get(id) ?? null,
    forget: (id) => void known.delete(id),
    forgetAll: () => known.clear(),
    keepOnly(ids) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    },
  };
}
