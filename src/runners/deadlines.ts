/** Deadlines of one project's conversation, all suspended while its container is frozen. */

export interface Deadlines {
  /** Calls `expired` after `ms` of unfrozen time; returns what cancels it. */
  start(ms: number, expired: () => void): () => void;
  /** While frozen nothing expires; afterwards every open deadline has its full time again. */
  setFrozen(frozen: boolean): void;
  clear(): void;
}

interface Open {
  readonly ms: number;
  readonly expired: () => void;
  timer: NodeJS.Timeout | undefined;
}

export function createDeadlines(): Deadlines {
  const open = new Set<Open>();
  let frozen = false;

  const arm = (one: Open): void => {
    clearTimeout(one.timer);
    if (frozen) return;
    one.timer = setTimeout(() => {
      open.delete(one);
      one.expired();
    }, one.ms);
  };

  return {
    start(ms, expired) {
      const one: Open = { ms, expired, timer: undefined };
      open.add(one);
      arm(one);
      return () => {
        clearTimeout(one.timer);
        open.delete(one);
      };
    },
    setFrozen(value) {
      if (frozen === value) return;
      frozen = value;
      for (const one of open) arm(one);
    },
    clear() {
      for (const one of open) clearTimeout(one.timer);
      open.clear();
    },
  };
}
