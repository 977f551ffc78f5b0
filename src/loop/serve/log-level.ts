/** The log's level, read and changed while the daemon runs. */
import { causeChain } from "../../base/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../../report/log.ts";
import type { LogDaemon } from "../log-daemon.ts";
import type { DaemonState } from "../state.ts";

export function serveLogLevel(state: DaemonState): LogDaemon {
  const level = (): LogLevel => LOG_LEVELS.find((each) => each === state.log.level) ?? "info";
  return {
    logLevel: () => ({ level: level() }),
    async setLogLevel(request) {
      const before = level();
      state.log.level = request.level;
      // Said on a level that both the old and the new one show, unless one of them is silent.
      state.log.warn({ before, level: request.level, by: request.by.who }, "log level set");
      await audit(request, state);
      return { level: level() };
    },
  };
}

/** A daemon that stands by or lost Postgres must be looked into most of all: the level holds though nothing is recorded. */
async function audit(
  { level, by }: Parameters<LogDaemon["setLogLevel"]>[0],
  { session, log }: DaemonState,
): Promise<void> {
  if (session === null) return;
  const { epoch } = session.world.install;
  await session.doors.postgres
    .recordAudit({ epoch, by, action: "log.level", project: null, detail: level })
    .catch((error: unknown) => log.warn({ chain: causeChain(error) }, "log level not audited"));
}
