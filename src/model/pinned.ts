/** What the engine may change of a container in place and no declaration speaks of: always as it was created. */

export interface PinnedValues {
  /** Swap beyond the memory limit; null: unlimited. */
  readonly swapBytes: number | null;
  readonly restartPolicy: string;
  /** The CPUs it is held to, as `0-1`; null: all. */
  readonly cpuset: string | null;
  /** 0: none. */
  readonly reservationBytes: number;
}

/** Memory limits are of memory and swap together, the daemon starts containers, CPU is shared by weight. */
export const AS_CREATED: PinnedValues = {
  swapBytes: 0,
  restartPolicy: "no",
  cpuset: null,
  reservationBytes: 0,
};
