/** The live stream of the API: the state of everything, then only what changes of it. */
import { z } from "zod";
import { SCOPES } from "../model/access.ts";
import { hostView, readyView } from "./api-host.ts";
import { projectView } from "./api-project.ts";
import { eventRecord } from "./api-record.ts";
import { name } from "./api-request.ts";
import { shape } from "./api-shape.ts";
import { queueView } from "./api-task.ts";

/** Who reads, and what they may do: of the whole host, or of one project. */
const callerView = shape({
  who: z.string(),
  scope: z.enum(SCOPES),
  project: z.string().nullable(),
}).meta({ id: "Caller" });
export type ApiCaller = z.output<typeof callerView>;

/**
 * `caller` comes first. `settled` comes once, when the whole state was sent; `gone` names a project that no longer exists. The queue comes without its
 * tasks, which `/queue` lists.
 */
export const liveItem = z
  .discriminatedUnion("kind", [
    shape({ kind: z.literal("caller"), caller: callerView }),
    shape({ kind: z.literal("ready"), ready: readyView }),
    shape({ kind: z.literal("host"), host: hostView }),
    shape({ kind: z.literal("queue"), queue: queueView }),
    shape({ kind: z.literal("project"), project: projectView }),
    shape({ kind: z.literal("gone"), name: z.string() }),
    shape({ kind: z.literal("settled") }),
    shape({ kind: z.literal("event"), event: eventRecord }),
  ])
  .meta({ id: "LiveItem" });

export const liveQuery = z.strictObject({
  project: name.optional(),
  /** Events after this id; without it those from now on. `Last-Event-ID` goes before it. */
  after: z.coerce.number().int().min(0).optional(),
});

export type LiveItem = z.output<typeof liveItem>;
export type LiveQuery = z.input<typeof liveQuery>;
