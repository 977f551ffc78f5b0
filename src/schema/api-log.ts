/** The daemon's log in the API: its level. */
import { z } from "zod";

const level = z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]);

export const logLevelBody = z.strictObject({ level });
export const logLevelView = z.object({ level }).readonly().meta({ id: "LogLevel" });
export type ApiLogLevel = z.output<typeof logLevelView>;
export type LogLevelBody = z.input<typeof logLevelBody>;
