/** Quota: what projects ask of the host's memory, what is already taken, and what each one is granted. */

/** What one project that is to run asks for. */
export interface Demand {
  readonly project: string;
  /** 0..1000; higher goes first. */
  readonly priority: number;
  readonly memoryBytes: number;
  /** Has a container already: among equal priorities it goes before those that have none. */
  readonly incumbent: boolean;
}

/** Memory that is taken now and cannot be granted twice: live containers, grants being acted on, orphans, open steps. */
export interface Reservation {
  /** Null for what belongs to no recorded project (orphans, a predecessor's open steps). */
  readonly project: string | null;
  /** Null: nobody could tell, so nothing more is admitted until it is known. */
  readonly memoryBytes: number | null;
  /** For people: `container berth-main-web`. */
  readonly holder: string;
}

/** What one project is granted; together with what is reserved, grants never exceed the budget. */
export interface Allocation {
  readonly project: string;
  /** False: the project may not start now. What runs is never stopped for it. */
  readonly admitted: boolean;
  /** The memory limit its container may have: what it asked for, or what it already holds while more does not fit. */
  readonly memoryBytes: number;
  /** Why it does not get all it asked for, for people: "capacity: needs 1GiB, 512MiB free of 3GiB". */
  readonly waiting: string | null;
}
