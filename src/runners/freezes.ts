/** Which projects are frozen, by the newest word there is: looks at the engine may be older than what was said since. */

export interface Freezes {
  has(project: string): boolean;
  /** Whether this changes anything. `asOf`: milliseconds since the epoch at which it was seen to be so. */
  set(project: string, frozen: boolean, asOf: number): boolean;
  forget(project: string): void;
}

/** None at first. `now`: milliseconds since the epoch. */
export function createFreezes(now: () => number): Freezes {
  const frozen = new Set<string>();
  /** When each was last known to freeze or thaw. */
  const changedAt = new Map<string, number>();
  return {
    has: (project) => frozen.has(project),
    set(project, value, asOf) {
      // A change that lies ahead of us was before the clock was set back.
      const since = Math.min(changedAt.get(project) ?? 0, now());
      if (value === frozen.has(project) || asOf < since) return false;
      changedAt.set(project, asOf);
      if (value) frozen.add(project);
      else frozen.delete(project);
      return true;
    },
    forget(project) {
      frozen.delete(project);
      changedAt.delete(project);
    },
  };
}
