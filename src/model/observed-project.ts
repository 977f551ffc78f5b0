/** One project as observed: everything of one snapshot that concerns it, without any choice made. */
import type {
  InspectedContainer,
  ObservedContainer,
  ObservedNetwork,
  RunnerReport,
} from "./observed.ts";
import type { LimitValues } from "./desired.ts";

export interface ObservedProject {
  /** Every container with our install, uid and this project's label, whatever its name or state. */
  readonly containers: readonly ObservedContainer[];
  /** Every network with our install, uid and this project's label. */
  readonly networks: readonly ObservedNetwork[];
  /** Names of volumes with our install, uid and this project's label. */
  readonly volumes: readonly string[];
  /** Names that this project's objects need and that objects which are not ours have taken. */
  readonly foreign: Readonly<{ container: boolean; network: boolean; volumes: readonly string[] }>;
  /** What inspects told of the containers above; one that could not be inspected is missing. */
  readonly inspected: readonly InspectedContainer[];
  readonly runner: RunnerReport | null;
  readonly runnerConnected: boolean;
  /** The project's spool directory exists. */
  readonly spoolReady: boolean;
  /** The host firewall for our bridges was verified lately. */
  readonly firewallVerified: boolean;
  /** Free disk is below `reserve.disk`. */
  readonly diskLow: boolean;
  /** The image is on this host. */
  readonly imageKnown: boolean;
  /** Agents at work on tasks now. */
  readonly workers: readonly string[];
  /** Runs without a terminal record exist. */
  readonly hasOpenRuns: boolean;
  /** The subnet recorded for the project. */
  readonly subnet: string | null;
  /** Working set of the live container; null when unknown. */
  readonly memoryUsageBytes: number | null;
  /** The limits this daemon last put on the live container itself; null when it does not know (just started). */
  readonly appliedLimits: LimitValues | null;
}
