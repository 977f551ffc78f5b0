/** What the API may ask of the daemon about its log. */
import type { LogLevel } from "../report/log.ts";
import type { Asker } from "../postgres/door.ts";

export interface LogDaemon {
  logLevel(): Readonly<{ level: LogLevel }>;
  /** Holds until the daemon ends; then BERTH_LOG_LEVEL counts again. Audited while this daemon can write records. */
  setLogLevel(
    request: Readonly<{ level: LogLevel; by: Asker }>,
  ): Promise<Readonly<{ level: LogLevel }>>;
}
