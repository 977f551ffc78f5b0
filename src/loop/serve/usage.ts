/** Answers about usage history. */
import { BerthError } from "../../base/errors.ts";
import { chooseSpan } from "../../insight/span.ts";
import { HOST, type UsageView } from "../../model/usage.ts";
import type { DaemonState } from "../state.ts";
import type { UsageDaemon, UsageRequest } from "../usage-daemon.ts";

const HOUR_MS = 3_600_000;
/** Points of one answer, about 400 KiB. */
const POINTS_MAX = 2_000;

export function serveUsage(state: DaemonState): UsageDaemon {
  return { usage: (request) => readUsage(request, state) };
}

async function readUsage(request: UsageRequest, state: DaemonState): Promise<UsageView> {
  const now = state.now();
  const to = request.to ?? now;
  const from = request.from ?? to - HOUR_MS;
  if (from >= to)
    throw new BerthError("usage", {
      code: "loop.usage-span-empty",
      detail: "`from` is not before `to`",
    });
  const span = chooseSpan({ from, to, stepMs: request.stepMs }, now);
  if ((to - from) / span.stepMs > POINTS_MAX)
    throw new BerthError("usage", {
      code: "loop.usage-points-many",
      detail: `that is more than ${POINTS_MAX} points`,
      hint: "ask for a larger step, or leave it out",
    });
  const project = request.project ?? HOST;
  const items = await state.postgres.usage.read({ project, ...span });
  return { project, ...span, items };
}
