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
  /** Milliseconds since the epoch. */
  now(): number;
  /** A number in [0, 1). */
  randomness(): number;
  readonly log: RunnersLog;
}
