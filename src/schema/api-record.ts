/** Records of the API: events, runs, output lines and generations, as pages where they can be long. */
import { z } from "zod";
import type { Bundle } from "../model/bundle.ts";
import type { EventRecord } from "../model/event.ts";
import type { RunRecord } from "../model/run.ts";
import { isKeepable } from "../base/controls.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";
import { NOT_KEEPABLE } from "./text.ts";

export const eventRecord = proves<EventRecord>()(
  shape({
    id: z.number(),
    at: instant,
    project: z.string().nullable(),
    kind: z.string(),
    cause: z.string(),
    message: z.string(),
    fields: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .readonly(),
  }),
).meta({ id: "Event" });

export const runRecord = proves<RunRecord>()(
  shape({
    id: z.string(),
    project: z.string(),
    agent: z.string(),
    replica: z.number(),
    bootId: z.string(),
    epoch: z.number(),
    generation: z.number(),
    startedAt: instant,
    endedAt: instant.nullable(),
    outcome: z.enum(["succeeded", "failed", "killed", "stopped", "lost"]).nullable(),
    exitCode: z.number().nullable(),
    signal: z.string().nullable(),
    oom: z.boolean(),
    reason: z.string().nullable(),
  }),
).meta({ id: "Run" });

/** `next` is the cursor of the following page, null on the last one. */
export const eventPage = shape({ items: listOf(eventRecord), next: z.string().nullable() }).meta({
  id: "EventPage",
});
export const runPage = shape({ items: listOf(runRecord), next: z.string().nullable() }).meta({
  id: "RunPage",
});

/** One line an agent printed; `text` has no line end. */
export const outputLine = shape({
  project: z.string(),
  at: instant,
  agent: z.string(),
  replica: z.number(),
  run: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  text: z.string(),
  cursor: z.string(),
}).meta({ id: "OutputLine" });

const fileName = z.string().refine(isKeepable, { error: NOT_KEEPABLE });

export const bundle = proves<Bundle>()(
  shape({
    entry: fileName,
    files: z.record(fileName, z.string()).readonly(),
    base: fileName,
    overlays: listOf(fileName),
  }),
).meta({ id: "Bundle" });

const generationRow = shape({
  generation: z.number(),
  at: instant,
  source: z.string(),
  by: shape({ who: z.string(), claim: z.string().nullable(), reason: z.string().nullable() }),
  rollbackOf: z.number().nullable(),
  projects: listOf(z.string()),
}).meta({ id: "Generation" });
export const generationList = shape({
  items: listOf(generationRow),
  next: z.string().nullable(),
}).meta({
  id: "GenerationList",
});
export const generationView = shape({ row: generationRow, bundle }).meta({
  id: "GenerationWithBundle",
});

export type EventPage = z.output<typeof eventPage>;
export type ApiRun = z.output<typeof runRecord>;
export type RunPage = z.output<typeof runPage>;
export type ApiOutputLine = z.output<typeof outputLine>;
export type ApiGeneration = z.output<typeof generationRow>;
export type GenerationList = z.output<typeof generationList>;
export type GenerationView = z.output<typeof generationView>;
export type ApiEvent = z.output<typeof eventRecord>;
