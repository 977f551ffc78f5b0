/** What the API may ask of the daemon about usage history. */
import type { UsageView } from "../model/usage.ts";

export interface UsageRequest {
  /** Null: the host. */
  readonly project: string | null;
  /** Milliseconds since the epoch; null: an hour before `to`. */
  readonly from: number | null;
  /** Null: now. */
  readonly to: number | null;
  readonly stepMs: number | null;
}

/** Part of `Daemon`; throws BerthError. */
export interface UsageDaemon {
  /** Use over time, from the slots that fit the step; also of projects that are gone, for as long as it is kept. */
  usage(request: UsageRequest): Promise<UsageView>;
}
