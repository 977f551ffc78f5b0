/** Idleness: when a project without work is frozen, and when it is stopped. */

/** `idle` of a declaration; both count from the end of the last work. */
export interface IdleSpec {
  /** Null: it is never frozen. */
  readonly freezeAfterMs: number | null;
  /** Null: it is never stopped. Greater than `freezeAfterMs`. */
  readonly stopAfterMs: number | null;
}

export type RestKind = "frozen" | "stopped";

/** What the daemon itself did to a project without work; unlike a pause, work undoes it. */
export interface Rest {
  readonly kind: RestKind;
  /** When its last work ended, milliseconds since the epoch. */
  readonly since: number;
}

/** How a project that is wanted active stands to its rest. */
export type IdleStand =
  /** To be kept at rest; `why` for people: "idle since …". */
  | Readonly<{ kind: "resting"; rest: RestKind; since: number; why: string }>
  /** The daemon put it to rest itself, and something wakes it. */
  | Readonly<{ kind: "waking"; why: string }>;
