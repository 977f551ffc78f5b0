/** Calls about usage history and the daemon's log: part of the client. */
import type { ApiLogLevel, LogLevelBody } from "../schema/api-log.ts";
import type { ApiUsage, UsageQuery } from "../schema/api-usage.ts";

export type Usage = ApiUsage;

interface Calls {
  readonly get: <T>(path: string, query?: object) => Promise<T>;
  readonly write: <T>(path: string, body: object) => Promise<T>;
}

/** Functions over usage history; a project of null is the host. */
export function usageCalls({ get, write }: Calls) {
  return {
    usage: (project: string | null, query: UsageQuery) =>
      get<Usage>(
        project === null ? "/metrics/host" : `/projects/${encodeURIComponent(project)}/metrics`,
        query,
      ),
    logLevel: () => get<ApiLogLevel>("/log-level"),
    setLogLevel: (body: LogLevelBody) => write<ApiLogLevel>("/log-level", body),
  };
}
