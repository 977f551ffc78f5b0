/** What the runners' door is given when it is opened: identity, clock and chance come from outside. */
import type { RunnersListener } from "./door.ts";

export interface RunnersLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface RunnersOptions {
  /** Directory that holds one spool directory per project. */
  readonly spoolRoot: string;
  readonly install: string;
  /** The fencing epoch commands carry until `setEpoch`. */
  readonly epoch: number;
  readonly listener: RunnersListener;
  /** Resolves when the machine has no container to start: what can wait until then does, for some seconds at most. */
  calm(): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A number in [0, 1). */
  randomness(): number;
  readonly log: RunnersLog;
}
