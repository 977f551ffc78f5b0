/** Degraded modes: which hold, since when, and who is told when that changes. */
import type { Mode, ModeName } from "../model/view.ts";

export interface Modes {
  /** Enters or leaves a mode; entering one that holds only refreshes its detail. */
  set(name: ModeName, holds: boolean, detail: string): void;
  holds(name: ModeName): boolean;
  list(): readonly Mode[];
}

/** Tells `onChange` once per entering and leaving. */
export function createModes(
  now: () => number,
  onChange: (mode: Mode, entered: boolean) => void,
): Modes {
  const held = new Map<ModeName, Mode>();
  return {
    set(name, holds, detail) {
      const before = held.get(name);
      if (holds) {
        const mode = { name, since: before?.since ?? now(), detail };
        held.set(name, mode);
        if (before === undefined) onChange(mode, true);
      } else if (before !== undefined) {
        held.delete(name);
        onChange({ ...before, detail }, false);
      }
    },
    holds: (name) => held.has(name),
    list: () => [...held.values()],
  };
}
