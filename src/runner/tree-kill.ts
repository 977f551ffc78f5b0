/**
 * Ends everything that bears a marker, whatever it does to escape: stop all, look again until nobody new is found, kill.
 *
 * Not a worker thread: one costs 7 MB of the runner's private memory, and against a fork bomb, with the pids limit full, none
 * can be started. Instead every look is one turn of the main loop, so output and the control socket go on in between.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { monotonicMs } from "./clock.ts";
import { findMarked } from "./proc.ts";

/** Past this the container itself has to die. */
const TREE_KILL_DEADLINE_MS = 5_000;
/** A chain of fork-and-exit can hop behind a look's back; twice in a row it cannot. */
const CLEAN_LOOKS = 2;

/** What a kill needs from the outside; real by default, replaced in unit tests. */
export interface ProcessTable {
  find(marker: number): readonly number[];
  signal(pid: number, signal: NodeJS.Signals): void;
}

const LIVE_TABLE: ProcessTable = {
  find: (marker) => findMarked((other) => other === marker).map(({ pid }) => pid),
  signal: (pid, signal) => {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone: what was wanted.
    }
  },
};

export interface TreeKill {
  /** How many processes were found alive. */
  readonly killed: number;
  /** False when the deadline passed first. */
  readonly gone: boolean;
}

/** Kills every bearer of the marker; resolves when two looks in a row found nobody, or at the deadline. */
export async function killTree(
  marker: number,
  table: ProcessTable = LIVE_TABLE,
  deadlineMs = TREE_KILL_DEADLINE_MS,
): Promise<TreeKill> {
  const until = monotonicMs() + deadlineMs;
  const killed = new Set<number>();
  let clean = 0;
  while (clean < CLEAN_LOOKS) {
    if (monotonicMs() > until) return { killed: killed.size, gone: false };
    const alive = await stopAll(marker, table, until);
    clean = alive.size === 0 ? clean + 1 : 0;
    for (const pid of alive) {
      killed.add(pid);
      table.signal(pid, "SIGKILL");
    }
    if (clean < CLEAN_LOOKS) await nextTurn();
  }
  return { killed: killed.size, gone: true };
}

/** A stopped process cannot fork; when a look finds nobody new, all of them are stopped. */
async function stopAll(
  marker: number,
  table: ProcessTable,
  until: number,
): Promise<ReadonlySet<number>> {
  const stopped = new Set<number>();
  for (;;) {
    const fresh = table.find(marker).filter((pid) => !stopped.has(pid));
    if (fresh.length === 0 || monotonicMs() > until) return stopped;
    for (const pid of fresh) {
      table.signal(pid, "SIGSTOP");
      stopped.add(pid);
    }
    await nextTurn();
  }
}

/** Asks every bearer of the marker to end. */
export function terminateTree(marker: number, table: ProcessTable = LIVE_TABLE): void {
  for (const pid of table.find(marker)) table.signal(pid, "SIGTERM");
}
