/** Usage history in the API: points over time, of a project or the host. */
import { z } from "zod";
import type { UsagePoint, UsageView } from "../model/usage.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

const usagePoint = proves<UsagePoint>()(
  shape({
    at: instant,
    cpus: z.number().nullable(),
    cpusMax: z.number().nullable(),
    memoryBytes: z.number().nullable(),
    memoryMaxBytes: z.number().nullable(),
    memoryLimitBytes: z.number().nullable(),
    throttledCpus: z.number().nullable(),
    pids: z.number().nullable(),
    restarts: z.number(),
    oomKills: z.number(),
    queueDepth: z.number(),
    waitSeconds: z.number(),
  }),
).meta({ id: "UsagePoint" });

export const usageView = proves<UsageView>()(
  shape({
    project: z.string(),
    from: instant,
    to: instant,
    stepMs: z.number(),
    slotSeconds: z.union([z.literal(10), z.literal(60), z.literal(3600)]),
    items: listOf(usagePoint),
  }),
).meta({ id: "Usage" });

const time = z.coerce.number().int().min(0);
/** A day and more in one step says nothing about use. */
const STEP_MAX_SECONDS = 86_400;

export const usageQuery = z.strictObject({
  /** Milliseconds since the epoch; left out: an hour before `to`. */
  from: time.optional(),
  /** Left out: now. */
  to: time.optional(),
  /** Seconds a point; left out: about 300 points. */
  step: z.coerce.number().int().min(1).max(STEP_MAX_SECONDS).optional(),
});
export type ApiUsage = z.output<typeof usageView>;
export type UsageQuery = z.input<typeof usageQuery>;
