/** Strategy: in which order queues of waiting tasks get free slots. Pluggable: one file and one line in `strategies.ts` each. */

/** All waiting tasks of one agent of one project, as a strategy sees them. */
export interface QueueSight {
  readonly project: string;
  readonly agent: string;
  readonly waiting: number;
  /** Of the task that is next in this queue. */
  readonly headPriority: number;
  readonly headReadyAt: number;
  readonly headDeadlineAt: number | null;
  /** Slots this agent has now, and of its whole project. */
  readonly running: number;
  readonly runningOfProject: number;
  /** Declared bounds: it never gets more than `max`; up to `min` it goes before everybody. */
  readonly min: number;
  readonly max: number;
  readonly weight: number;
  /** Measured performance, 0.5..2: success and duration against the project's own history. */
  readonly performance: number;
  /** Share of the host this project's container takes: CPUs and memory, 0..1 each. */
  readonly cpuShare: number;
  readonly memoryShare: number;
}

/** State a strategy keeps between decisions; plain data, so that it can be recorded and replayed. */
export type StrategyMemory = Readonly<Record<string, number>>;

export interface Decision {
  readonly project: string;
  readonly agent: string;
  /** Numbers that led to it, for `explain`. */
  readonly why: Readonly<Record<string, number>>;
}

export interface Strategy {
  readonly name: string;
  /**
   * The queue that gets the next slot out of those that may have one (never empty), and the memory afterwards. Pure; the
   * answer does not depend on the order of `queues`.
   */
  next(queues: readonly QueueSight[], memory: StrategyMemory, now: number, slots: number): Readonly<{ decision: Decision; memory: StrategyMemory }>;
}
