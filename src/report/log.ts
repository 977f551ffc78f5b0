/** The daemon's log: JSON, one line an event, constant messages with fields, secrets hidden by value. */
import { pino, type Logger } from "pino";
import { createRedaction } from "./redact.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `level` may be set while it runs. */
export type Log = Logger &
  Readonly<{
    /** From now on no line shows this value. */
    conceal(value: string): void;
  }>;

/** Where lines go; each ends with a line break. */
export interface LogTarget {
  write(line: string): unknown;
}

/** Opens the log, on stderr unless told otherwise. Levels are pino's; an unknown one is `info`. */
export function openLog(
  level: string,
  fields: Readonly<Record<string, string>>,
  target: LogTarget = pino.destination({ dest: 2, sync: true }),
): Log {
  const redaction = createRedaction();
  const logger = pino(
    {
      level: LOG_LEVELS.find((known) => known === level) ?? "info",
      base: { ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void target.write(redaction.clean(line)) },
  );
  return Object.assign(logger, { conceal: redaction.conceal });
}
