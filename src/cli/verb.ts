/** What a verb is: its arguments and options, and what it does with them. */
import type { Command } from "commander";
import type { Context, Given } from "./context.ts";

export interface Verb {
  /** Adds arguments, options and text to the command; common options are there already. */
  define(command: Command): Command;
  /** At least one, shown below the help. */
  readonly examples: readonly string[];
  /** Reads: takes `-o` in every form. Writes: the same, but people get a message on stderr. Streams: JSON is a line each. */
  readonly output: "formats" | "stream" | "none";
  /** What follows the first argument and its options is somebody else's command line. */
  readonly takesCommand?: true;
  /** Answers the exit code; throws BerthError. */
  run(context: Context, given: Given): Promise<number>;
}

export interface VerbEntry {
  readonly name: string;
  readonly group: VerbGroup;
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}

export const GROUPS = ["Declare", "Work", "Look", "Steer", "Clear", "Host"] as const;
export type VerbGroup = (typeof GROUPS)[number];
