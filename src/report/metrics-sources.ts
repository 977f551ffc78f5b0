/** What the metrics are filled from at each scrape; the loop answers, the registry asks. */
import type { CgroupSample } from "../model/observed.ts";
import type { Mode, ProjectView } from "../model/view.ts";

export interface MetricsSources {
  projects(): readonly ProjectView[];
  /** The last cgroup reading of a project's running or frozen container; null when there is none. */
  sample(project: string): CgroupSample | null;
  modes(): readonly Mode[];
  breakers(): readonly Readonly<{ name: string; state: "closed" | "open" | "half-open" }>[];
  leader(): boolean;
  epoch(): number | null;
  streamConnected(): boolean;
  queue(): readonly QueueSample[];
  quota(): readonly Readonly<{ resource: string; limit: number; used: number }>[];
  disk(): DiskSample | null;
  daemon(): DaemonSample;
  /** Slots of usage history that were never written. */
  usageDropped(): number;
  /** Events that wait for Postgres. */
  outboxWaiting(): number;
}

/** What waits and works of one project. */
export interface QueueSample {
  readonly project: string;
  readonly waiting: number;
  readonly running: number;
  /** Of the task that waits longest; 0 when none does. */
  readonly oldestSeconds: number;
}

/** Space of the file system that holds the spools. */
export interface DiskSample {
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/** What the daemon itself uses. */
export interface DaemonSample {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** Time its event loop spent working rather than waiting. */
  readonly loopActiveSeconds: number;
}
