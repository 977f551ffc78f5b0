/** Routes of the daemon's log: its level, while it runs. */
import type { Daemon } from "../loop/daemon.ts";
import { logLevelBody, logLevelView } from "../schema/api-log.ts";
import { type Route, route } from "./route.ts";

export function logRoutes(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/log-level",
      summary: "What the daemon's log shows",
      access: { kind: "host", scope: "read" },
      response: logLevelView,
      answer: () => daemon.logLevel(),
    }),
    route({
      method: "post",
      path: "/log-level",
      summary: "Change what the daemon's log shows, until the daemon ends",
      access: { kind: "host", scope: "admin" },
      body: logLevelBody,
      response: logLevelView,
      // the level ends with the daemon, and is changed where no record can be kept
      repeats: "daemon",
      answer: ({ body, by }) => daemon.setLogLevel({ level: body.level, by }),
    }),
  ];
}
