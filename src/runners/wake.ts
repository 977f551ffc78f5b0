/** Wakes a follower when files change: by watching folders, and by a slow poll for what watching misses. */
import { watch, type FSWatcher } from "node:fs";

/** Watching misses a folder that is not there yet, and whatever a full watch table refuses. */
const POLL_MS = 1_000;

export interface Wake {
  /** Watches exactly these folders from now on; true when one is newly watched. */
  watchOnly(folders: readonly string[]): boolean;
  /** Resolves when something changed since the last call, after `ms` at the latest, or when aborted. */
  wait(ms?: number): Promise<void>;
  close(): void;
}

export function createWake(signal: AbortSignal): Wake {
  const watchers = new Map<string, FSWatcher>();
  let changed = false;
  let release: (() => void) | null = null;

  const wake = (): void => {
    changed = true;
    release?.();
  };
  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const add = (folder: string): boolean => {
    try {
      const watcher = watch(folder, { persistent: false }, wake);
      watcher.on("error", () => drop(folder));
      watchers.set(folder, watcher);
      return true;
    } catch {
      // Gone, or the watch table is full: the poll finds what this would have told.
      return false;
    }
  };
  signal.addEventListener("abort", wake);

  return {
    watchOnly(folders) {
      const wanted = new Set(folders);
      for (const folder of watchers.keys()) if (!wanted.has(folder)) drop(folder);
      return [...wanted].filter((folder) => !watchers.has(folder) && add(folder)).length > 0;
    },
    async wait(ms = POLL_MS) {
      if (!changed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          release = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      release = null;
      changed = false;
    },
    close() {
      signal.removeEventListener("abort", wake);
      for (const folder of watchers.keys()) drop(folder);
    },
  };
}
