/** Plan resources of the API: what `plan` shows and what `apply` accepted. */
import { z } from "zod";
import type { ApplyView, PlanView, ProjectPlan, StepView } from "../model/view.ts";
import { listOf, proves, shape } from "./api-shape.ts";

const fieldChange = shape({ field: z.string(), from: z.string(), to: z.string() }).meta({
  id: "FieldChange",
});

/** Null: that side of the change does not say it. */
const declaredChange = shape({
  field: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
}).meta({ id: "DeclaredChange" });

const stepView = proves<StepView>()(
  shape({
    id: z.number(),
    after: listOf(z.number()),
    project: z.string(),
    kind: z.string(),
    resource: z.string(),
    cause: z.string(),
    impact: z.enum(["none", "live", "restart", "data"]),
    changes: listOf(fieldChange),
    interrupts: listOf(z.string()),
    external: z.boolean(),
  }),
).meta({ id: "Step" });

export const projectPlan = proves<ProjectPlan>()(
  shape({
    project: z.string(),
    change: z.enum(["create", "update", "none", "deactivate", "repair"]),
    fields: listOf(declaredChange),
    steps: listOf(stepView),
    waiting: listOf(z.string()),
  }),
).meta({ id: "ProjectPlan" });

export const planView = proves<PlanView>()(
  shape({
    baseGeneration: z.number(),
    fingerprint: z.string(),
    projects: listOf(projectPlan),
    unnamed: listOf(z.string()),
    changes: z.boolean(),
  }),
).meta({ id: "Plan" });

export const applyView = proves<ApplyView>()(
  shape({
    generation: z.number(),
    changed: z.boolean(),
    unnamed: listOf(z.string()),
    pruned: listOf(z.string()),
    changedProjects: listOf(z.string()),
    deferred: listOf(z.string()),
    projects: listOf(z.string()),
  }),
).meta({ id: "Applied" });

/** Projects that `down` deactivated. */
export const downView = shape({ projects: listOf(z.string()) }).meta({ id: "Down" });
export type DownView = z.output<typeof downView>;
export type ApiProjectPlan = z.output<typeof projectPlan>;
export type ApiPlan = z.output<typeof planView>;
export type ApiApplied = z.output<typeof applyView>;
