/** Strategy: in which order projects get free slots. Pluggable: one file and one line in `strategies.ts` each. */

/** A project, as a strategy sees it. It changes as slots are given: read it again when told so. */
export interface ProjectSight {
  readonly project: string;
  /** True: it has a task that may start now. False: it only holds slots. */
  readonly contends: boolean;
  readonly weight: number;
  /** Measured performance, 0.5..2: success and duration against the project's own history. */
  readonly performance: number;
  /** Tasks that run now, with those of this round. */
  readonly running: number;
  /** Share of the host this project's container takes while it runs: CPUs and memory, 0..1 each. */
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** How long its tasks take on average; null: not known yet. */
  readonly meanMs: number | null;
  /** Of the task that would start: when aging has raised it above everything fresh (aging.ts). Earlier goes first. */
  readonly headSummitAt: number;
  readonly headPriority: number;
}

/** What a strategy keeps between rounds; plain data, so that it can be recorded and replayed. */
export interface StrategyMemory {
  /** Whose numbers these are: another strategy starts without memory. */
  readonly strategy: string;
  /** When they were true. */
  readonly at: number;
  /** By project; what they mean is the strategy's business. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

export const NO_MEMORY: StrategyMemory = { strategy: "", at: 0, numbers: new Map() };

/** Numbers that led to a decision, for `explain`. */
export type Why = Readonly<Record<string, number>>;

/** The slots given at one instant. */
export interface Round {
  /** The contender that gets the next slot; null: nobody contends. Answers the same until `granted` is called. */
  next(): Readonly<{ project: string; why: Why }> | null;
  /** This contender got a slot, by `next` or by a guarantee; its sight says whether it contends on. */
  granted(project: string): void;
  /** What to remember for the next round. */
  memory(): StrategyMemory["numbers"];
}

export interface Strategy {
  readonly name: string;
  /** Why a wait is bounded under it, for people. */
  readonly bound: string;
  /**
   * `sights` is sorted by project. Pure: the same arguments and calls give the same answers; `memory` is this
   * strategy's own, or empty. Rounds open even when no slot is free, so that time can be accounted.
   */
  open(sights: readonly ProjectSight[], memory: StrategyMemory, at: RoundAt): Round;
}

export interface RoundAt {
  readonly now: number;
  readonly slots: number;
}
