/** What every verb is handed: where to print, in which form, whom to ask, and when to stop. */
import { BerthError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import type { Io } from "./io.ts";
import type { Format } from "./output.ts";
import type { Printer } from "./print.ts";
import type { ProgressMode } from "./progress.ts";
import type { Style } from "./style.ts";

export const DEFAULT_HOST = "unix:/run/berth/berth.sock";

export interface Context {
  readonly io: Io;
  readonly print: Printer;
  readonly format: Format;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly errorStyle: Style;
  readonly progress: ProgressMode;
  /** Aborted by the first Ctrl-C and by a reader of stdout that left. */
  readonly signal: AbortSignal;
  /** The daemon's address, `unix:/path` or `http://host:port`. */
  readonly host: string;
  readonly client: () => Promise<Client>;
  /** From now on the first two Ctrl-C are the verb's own and abort nothing; a third one ends the program. */
  takeInterrupts(listener: () => void): void;
}

/** What was typed after the verb. */
export interface Given {
  readonly args: readonly string[];
  flag(name: string): boolean;
  /** Null when the option was not given. */
  text(name: string): string | null;
  /** Every value of an option that may repeat. */
  list(name: string): readonly string[];
}

/** A mistake in the command line: exit 64. */
export function usage(detail: string, hint?: string): BerthError {
  return new BerthError("usage", { code: "cli.usage-wrong", detail, hint });
}
