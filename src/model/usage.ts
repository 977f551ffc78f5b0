/** Usage history: what a project used in one slot of time, and in which widths slots are kept for how long. */

/** Widths of slots in seconds: measured, and rolled up once and twice. */
export type SlotSeconds = 10 | 60 | 3600;

/** One project in one slot of time; null where nothing was heard. The host is the project with the empty name. */
export interface UsageSlot {
  readonly project: string;
  /** Begin of the slot, milliseconds since the epoch. */
  readonly at: number;
  /** CPUs used: the mean of the slot and its highest measured value. */
  readonly cpus: number | null;
  readonly cpusMax: number | null;
  /** Working set: mean and highest. */
  readonly memoryBytes: number | null;
  readonly memoryMaxBytes: number | null;
  readonly memoryLimitBytes: number | null;
  /** CPUs it wanted and its limit refused. */
  readonly throttledCpus: number | null;
  readonly pids: number | null;
  /** Agent processes started again within the slot. */
  readonly restarts: number;
  readonly oomKills: number;
  /** Tasks that waited, at most, and the longest that one had waited, seconds. */
  readonly queueDepth: number;
  readonly waitSeconds: number;
}

/** A point of an answer: a slot or several of them as one. */
export type UsagePoint = Omit<UsageSlot, "project">;

export interface UsageView {
  /** Empty: the host. */
  readonly project: string;
  readonly from: number;
  readonly to: number;
  /** Width of a point; at least that of the slots it was made from. */
  readonly stepMs: number;
  readonly slotSeconds: SlotSeconds;
  readonly items: readonly UsagePoint[];
}

export interface UsageWidth {
  readonly seconds: SlotSeconds;
  /** Days a slot is kept at least; a partition goes as a whole, `partitionDays` later at most. */
  readonly keptDays: number;
  readonly partitionDays: number;
}

/**
 * 10 s for a day, 1 min for a week, 1 h for a year. Of one project at most 2 × 8,640 + 8 × 1,440 + 395 × 24 = 38,280 rows of
 * at most 240 bytes with their index (a test measures it, with names of 20 letters): 9 MiB, and nothing makes it more.
 */
export const USAGE_WIDTHS: readonly UsageWidth[] = [
  { seconds: 10, keptDays: 1, partitionDays: 1 },
  { seconds: 60, keptDays: 7, partitionDays: 1 },
  { seconds: 3600, keptDays: 365, partitionDays: 30 },
];

/** The name under which the host's own slots are kept; no project can have it. */
export const HOST = "";
