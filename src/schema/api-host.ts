/** Host resources of the API: readiness with its degraded modes, budget, doctor and garbage. */
import { z } from "zod";
import type { DoctorCheck, GarbageView, HostView, Mode, ReadyView } from "../model/view.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

const mode = proves<Mode>()(
  shape({
    name: z.enum([
      "engine-gone",
      "redis-gone",
      "postgres-gone",
      "repairs-waiting",
      "disk-low",
      "firewall-unverified",
      "standby",
      "foreign-install",
      "mass-orphans",
      "declaration-refused",
    ]),
    since: instant,
    detail: z.string(),
  }),
).meta({ id: "Mode" });

export const readyView = proves<ReadyView>()(
  shape({
    ready: z.boolean(),
    role: z.enum(["leader", "standby", "starting"]),
    epoch: z.number().nullable(),
    install: z.string(),
    installUid: z.string().nullable(),
    version: z.string(),
    dependencies: listOf(
      shape({
        name: z.enum(["engine", "postgres", "redis", "firewall", "disk"]),
        ok: z.boolean(),
        detail: z.string(),
        since: instant,
      }),
    ),
    modes: listOf(mode),
  }),
).meta({ id: "Ready" });

export const hostView = proves<HostView>()(
  shape({
    cpus: z.number().nullable(),
    memoryBytes: z.number().nullable(),
    budgetBytes: z.number().nullable(),
    reservedBytes: z.number(),
    projects: z.number(),
    agents: z.number(),
    generation: z.number(),
  }),
).meta({ id: "Host" });

const doctorCheck = proves<DoctorCheck>()(
  shape({
    name: z.string(),
    verdict: z.enum(["ok", "warn", "fail", "unknown"]),
    detail: z.string(),
    mend: z.string().nullable(),
  }),
).meta({ id: "DoctorCheck" });
export const doctorReport = shape({ items: listOf(doctorCheck) }).meta({ id: "DoctorReport" });

export const garbageView = proves<GarbageView>()(
  shape({
    removed: listOf(z.string()),
    kept: listOf(shape({ object: z.string(), why: z.string() })),
    dryRun: z.boolean(),
  }),
).meta({ id: "Garbage" });

export const aliveView = shape({ alive: z.literal(true), version: z.string() }).meta({
  id: "Alive",
});
export type DoctorReport = z.output<typeof doctorReport>;
export type ApiReady = z.output<typeof readyView>;
export type ApiHost = z.output<typeof hostView>;
export type ApiGarbage = z.output<typeof garbageView>;
