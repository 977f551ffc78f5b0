/** An agent as a declaration writes it: every key optional, because a template or an overlay may hold the rest. */
import { z } from "zod";
import { argv, environment, user } from "./text.ts";
import { count, duration } from "./quantity.ts";

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Processes of one agent; as many replicas and tasks at once as `limits.agents` may allow. */
const PROCESSES_MAX = 512;

const restartMap = z
  .strictObject({
    policy: z.enum(["no", "on-failure", "always"]),
    /** Restarts within the window before the agent counts as crash-looping. */
    max: count(0, 1000),
    window: duration(SECOND, DAY),
    /** First delay; it doubles up to `backoff_max`. */
    backoff: duration(0, HOUR),
    backoff_max: duration(0, HOUR),
  })
  .partial();

const health = z
  .strictObject({
    command: argv,
    interval: duration(100, HOUR),
    timeout: duration(100, HOUR),
    retries: count(1, 100),
    start_period: duration(0, HOUR),
  })
  .partial();

const retries = z
  .strictObject({
    /** Attempts after the first. */
    max: count(0, 100),
    /** Before the second attempt; it doubles with each, and is jittered. */
    backoff: duration(0, DAY),
  })
  .partial();

/** A path inside the container. */
export const insidePath = z
  .string()
  .max(4096)
  .regex(/^\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\0]*$/, {
    error: "must be an absolute path without `..`",
  });

export const agentLayer = z
  .strictObject({
    command: argv,
    entrypoint: z.enum(["none", "image"]),
    /** A worker: one process per task. Without it a service, kept running. */
    on: z.literal("task"),
    min: count(0, PROCESSES_MAX),
    max: count(0, PROCESSES_MAX),
    /** Of one attempt; a week is longer than any agent should go unasked. */
    timeout: duration(SECOND, 7 * DAY),
    retries,
    replicas: count(0, PROCESSES_MAX),
    restart: z.union([z.enum(["no", "on-failure", "always"]), restartMap], {
      error: "must be no, on-failure, always or a map",
    }),
    /** `none` takes an inherited check away. */
    health: z.union([z.literal("none"), health], { error: "must be a map, or none" }),
    /** Docker kills a container after its stop timeout; an hour is the longest an operator should wait for one. */
    stop_grace_period: duration(0, HOUR),
    user,
    cwd: insidePath,
    environment,
  })
  .partial();

export type AgentLayer = z.output<typeof agentLayer>;
