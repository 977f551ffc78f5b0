/** Pages of runs: newest first, a cursor names the last run of the page before. */
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import type { RunPage } from "../schema/api-record.ts";

/** How far back pages reach: the daemon is asked for at most this many runs. */
const REACH = 10_000;

interface RunsQuery {
  readonly project?: string | undefined;
  readonly agent?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** One page of runs; runs that start meanwhile come before the cursor and shift nothing. */
export async function runsPage(daemon: Daemon, query: RunsQuery): Promise<RunPage> {
  const of = { project: query.project ?? null, agent: query.agent ?? null };
  if (query.cursor === undefined) {
    const runs = await daemon.runs({ ...of, limit: query.limit + 1 });
    return page(runs, query.limit);
  }
  const runs = await daemon.runs({ ...of, limit: REACH });
  const at = runs.findIndex((run) => run.id === query.cursor);
  if (at < 0)
    throw new BerthError("usage", {
      code: "api.cursor-invalid",
      detail: `no run ${query.cursor} within the last ${REACH}`,
      path: "query.cursor",
    });
  return page(runs.slice(at + 1), query.limit);
}

function page(runs: RunPage["items"], limit: number): RunPage {
  const items = runs.slice(0, limit);
  return { items, next: runs.length > limit ? (items.at(-1)?.id ?? null) : null };
}
