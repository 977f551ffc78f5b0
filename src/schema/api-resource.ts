/** Resources of the API: the host, the pool of slots, and each project's part of them. */
import { z } from "zod";
import { hostView } from "./api-host.ts";
import { limitValues, usageView } from "./api-project.ts";
import { listOf, shape } from "./api-shape.ts";
import { queueView } from "./api-task.ts";

const allocation = shape({
  project: z.string(),
  /** Whether its memory is reserved: it has a container. */
  admitted: z.boolean(),
  reasons: listOf(z.string()),
  /** What the kernel enforces, or will. */
  limits: limitValues,
  usage: usageView,
  /** Slots its tasks hold. */
  slots: z.number(),
}).meta({ id: "Allocation" });

const pool = z
  .object(
    queueView.unwrap().pick({ strategy: true, slots: true, taken: true, waiting: true }).shape,
  )
  .readonly()
  .meta({ id: "Pool" });

export const resourcesView = shape({ host: hostView, pool, allocations: listOf(allocation) }).meta({
  id: "Resources",
});
export type ApiResources = z.output<typeof resourcesView>;
