/** What callers of the API may send: paths, queries and bodies. Unknown keys are refused. */
import { z } from "zod";
import { bundle } from "./api-record.ts";

/** Longest name of a project or agent that is looked up at all. */
const NAME_MAX = 64;
export const name = z.string().min(1).max(NAME_MAX);
/** Largest page of a list; 1000 events are about 300 KiB. */
const PAGE_MAX = 1000;
export const page = z.coerce.number().int().min(1).max(PAGE_MAX);
const count = z.coerce.number().int().min(0);
/** Projects one stream of output may follow. */
const PROJECTS_MAX = 256;
const many = z
  .union([name.transform((one) => [one]), z.array(name).max(PROJECTS_MAX)])
  .optional()
  .transform((names) => names ?? []);
const flag = z.stringbool({ truthy: ["true"], falsy: ["false"] });

export const projectPath = z.strictObject({ name });
export const agentPath = z.strictObject({ name, agent: name });
export const generationPath = z.strictObject({ generation: z.coerce.number().int().min(1) });
export const nothing = z.strictObject({});

/** Headers of every route but GET, for the document; caller.ts reads them. */
export const writeHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional()
    .describe(
      "A repeat with the same key gets the first answer and changes nothing; with another request it is a 409. Kept for 7 days.",
    ),
  "x-berth-reason": z.string().optional().describe("Why, for the audit log; percent-encoded"),
});

/** A bundle within its bounds; what is in the files is the declaration's own business. */
const sentBundle = bundle.refine((sent) => Object.hasOwn(sent.files, sent.entry), {
  path: ["entry"],
  message: "is not one of `files`",
});

export const planBody = z.strictObject({ bundle: sentBundle, prune: z.boolean().default(false) });
export const applyBody = z.strictObject({
  bundle: sentBundle,
  prune: z.boolean().default(false),
  adopt: z.boolean().default(false),
  expected: z
    .strictObject({ generation: z.number().int(), fingerprint: z.string().max(256) })
    .nullable()
    .default(null),
});
export const pauseBody = z.strictObject({ mode: z.enum(["freeze", "stop"]).default("freeze") });
/** Replicas one `scale` may ask for; the project's `limits.agents` bounds it further. */
const REPLICAS_MAX = 1000;
export const scaleBody = z.strictObject({ replicas: z.number().int().min(0).max(REPLICAS_MAX) });
export const downBody = z.strictObject({ source: z.string().max(4096).nullable().default(null) });
export const rollbackBody = z.strictObject({ generation: z.number().int().min(1) });
export const gcBody = z.strictObject({
  dryRun: z.boolean().default(false),
  force: z.boolean().default(false),
});

/** The `next` of the page before. */
const cursor = z.string().min(1).max(256).optional();
/** Of lists that are given whole where no limit is asked for. */
export const pageQuery = z.strictObject({ cursor, limit: page.optional() });
export const agentsQuery = z.strictObject({
  project: name.optional(),
  agent: name.optional(),
  cursor,
  limit: page.default(100),
});
export const removeQuery = z.strictObject({ volumes: flag.default(false) });
export const runsQuery = z.strictObject({
  project: name.optional(),
  agent: name.optional(),
  cursor: z.string().max(128).optional(),
  limit: page.default(100),
});
export const eventsQuery = z.strictObject({
  project: name.optional(),
  kind: many,
  /** Events after this id; the `next` of the previous page. */
  after: count.optional(),
  order: z.enum(["oldest", "newest"]).default("oldest"),
  limit: page.default(100),
});
export const logsQuery = z.strictObject({
  /** Several times for several projects; none means all. */
  project: many,
  agent: name.optional(),
  replica: count.optional(),
  run: z.string().max(128).optional(),
  since: count.optional(),
  until: count.optional(),
  tail: z.coerce.number().int().min(0).max(1_000_000).optional(),
  previous: flag.default(false),
  follow: flag.default(false),
});
/** Ids of runs; a task's are its attempts'. */
export const runPath = z.strictObject({ id: z.string().min(1).max(128) });
export const outputQuery = z.strictObject({
  since: count.optional(),
  until: count.optional(),
  tail: z.coerce.number().int().min(0).max(1_000_000).optional(),
  /** The cursor of the last line seen; `Last-Event-ID` goes before it. */
  after: z.string().max(256).optional(),
  follow: flag.default(false),
});

/** Keys that only a host file has: one project is declared here, and nothing of the host. */
const HOST_KEYS = ["api_version", "host", "defaults", "templates", "include", "projects"];

/** A project as its file says it, as JSON; the name is the path's. */
export const declareBody = z.strictObject({
  declaration: z
    .record(z.string(), z.unknown())
    .refine((keys) => !Object.hasOwn(keys, "name"), {
      path: ["name"],
      message: "is given by the path",
    })
    .refine((keys) => HOST_KEYS.every((key) => !Object.hasOwn(keys, key)), {
      message: `declares one project: ${HOST_KEYS.join(", ")} belong to a host file`,
    }),
});
export const historyQuery = z.strictObject({
  /** The `next` of the page before. */
  cursor: z.coerce.number().int().min(1).optional(),
  limit: page.default(50),
});

export type PlanBody = z.input<typeof planBody>;
export type ApplyBody = z.input<typeof applyBody>;
export type LogsQuery = z.input<typeof logsQuery>;
export type EventsQuery = z.input<typeof eventsQuery>;
export type OutputRange = z.input<typeof outputQuery>;
export type PageQuery = z.input<typeof pageQuery>;
export type AgentsQuery = z.input<typeof agentsQuery>;
export type RunsQuery = z.input<typeof runsQuery>;
