/** The host file `berth.yaml` and its environment overlay as an operator writes them. */
import { z } from "zod";
import { isKeepable } from "../base/controls.ts";
import { STRATEGY_NAMES } from "../model/project.ts";
import { BOUNDS } from "./bounds.ts";
import { poolFault } from "./cidr.ts";
import { defaultsLayer, projectLayer, templateLayer } from "./project-file.ts";
import { bytes, count } from "./quantity.ts";
import { name, NOT_KEEPABLE } from "./text.ts";

const PIB = 2 ** 50;
const path = z
  .string()
  .min(1, { error: "must name a directory" })
  .max(4096)
  .refine(isKeepable, { error: NOT_KEEPABLE });

/** Past this factor the budget would no longer mean anything. */
const OVERCOMMIT_MAX = 10;
/** Tasks at once on one machine; the allocator is measured with a twentieth of it. */
const SLOTS_MAX = 10_000;

export const hostLayer = z
  .strictObject({
    reserve: z
      .strictObject({
        cpus: z.number().min(0).max(1024),
        memory: bytes(0, PIB),
        disk: bytes(0, PIB),
      })
      .partial(),
    network_pool: z.string().superRefine((value, context) => {
      const message = poolFault(value);
      if (message !== null) context.addIssue({ code: "custom", message });
    }),
    overcommit: z.number().min(1).max(OVERCOMMIT_MAX),
    agents: count(1, SLOTS_MAX),
    strategy: z.enum(STRATEGY_NAMES),
    workspace_roots: z.array(path).max(BOUNDS.workspaceRoots),
  })
  .partial();

const shared = {
  api_version: z.literal("berth/v1"),
  host: hostLayer,
  defaults: defaultsLayer,
  templates: z
    .record(name, templateLayer)
    .refine((value) => Object.keys(value).length <= BOUNDS.templates, {
      error: `must be at most ${BOUNDS.templates}`,
    }),
  projects: z.record(name, projectLayer),
};

export const overlayFile = z.strictObject(shared).partial();
export const hostFile = z
  .strictObject({ ...shared, include: z.array(path).max(BOUNDS.includes) })
  .partial();

export type HostLayer = z.output<typeof hostLayer>;
