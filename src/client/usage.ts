/** Calls about usage history: part of the client. */
import type { ApiUsage, UsageQuery } from "../schema/api-usage.ts";

export type Usage = ApiUsage;

interface Calls {
  readonly get: <T>(path: string, query?: object) => Promise<T>;
}

/** Functions over usage history; a project of null is the host. */
export function usageCalls({ get }: Calls) {
  return {
    usage: (project: string | null, query: UsageQuery) =>
      get<Usage>(
        project === null ? "/metrics/host" : `/projects/${encodeURIComponent(project)}/metrics`,
        query,
      ),
  };
}
