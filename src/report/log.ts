/** The daemon's log: JSON, one line an event, constant messages with fields. */
import { pino, type Logger } from "pino";

export type Log = Logger;

/** Opens the log on stderr. Levels are pino's; an unknown one is `info`. */
export function openLog(level: string, fields: Readonly<Record<string, string>>): Log {
  const known = ["trace", "debug", "info", "warn", "error", "fatal", "silent"].includes(level)
    ? level
    : "info";
  return pino(
    {
      level: known,
      base: { ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
