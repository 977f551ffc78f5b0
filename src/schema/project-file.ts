/** A project as a declaration writes it: a file of its own, an entry of the host file, a template or the defaults. */
import { z } from "zod";
import { isKeepable } from "../base/controls.ts";
import { agentLayer, insidePath } from "./agent-file.ts";
import { BOUNDS } from "./bounds.ts";
import { bytes, count, cpus, duration, priority } from "./quantity.ts";
import {
  agentName,
  asWritten,
  environment,
  image,
  labels,
  name,
  NOT_KEEPABLE,
  secret,
  text,
} from "./text.ts";

const MIB = 1_048_576;
const TIB = MIB * 1_048_576;

/** The runner lives inside: below this it could not start, and Docker itself refuses less than 6 MiB. */
const MEMORY_MIN = 64 * MIB;
const PIDS_MIN = 32;
/** Linux' own ceiling of pid_max. */
const PIDS_MAX = 4_194_304;

const limits = z
  .strictObject({
    cpus,
    memory: bytes(MEMORY_MIN, 64 * TIB),
    pids: count(PIDS_MIN, PIDS_MAX),
    agents: count(0, 512),
    nofile: count(64, 1_048_576),
    shm: bytes(MIB, 64 * TIB),
  })
  .partial();

const GIT_URL = /^(?:(?:https?|ssh|git|file):\/\/[^\s\0]+|[\w.-]+@[\w.-]+:[^\s\0]+)$/;
const GIT_REF = /^(?![-/])(?!.*(?:\.\.|@\{|\/\/))[\w./@+-]{1,255}$/;

const workspace = z
  .strictObject({
    volume: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, {
      error: "must be lower-case letters, digits, `.`, `_` and `-`, at most 63",
    }),
    path: z.string().min(1).max(4096).refine(isKeepable, { error: NOT_KEEPABLE }),
    git: z
      .string()
      .max(2048)
      .regex(GIT_URL, { error: "must be a git URL: https, http, ssh, git, file or user@host:path" })
      .refine((url) => !/^\w+:\/\/[^/@]*:[^/@]*@/.test(url), {
        error: "must not carry a password: declare it as a secret",
      }),
    ref: text
      .refine((ref) => GIT_REF.test(ref), { error: "must be a branch, tag or commit" })
      .register(asWritten, { asWritten: true }),
  })
  .partial()
  .refine((value) => value.path === undefined || (value.git ?? value.volume) === undefined, {
    error: "must be one of volume, path or git",
  })
  .refine((value) => value.ref === undefined || value.git !== undefined, {
    error: "has a ref but no git URL",
    path: ["ref"],
  });

/** Mounting over these would hide the workspace, the runner, its spool or the secrets. */
const TAKEN = ["/workspace", "/run/berth", "/.berth", "/run/secrets"];

const tmpfs = insidePath.refine(
  (path) => {
    const clean = path
      .replaceAll(/\/+/g, "/")
      .replaceAll(/\/\.(?=\/|$)/g, "")
      .replace(/(.)\/$/, "$1");
    return (
      clean !== "/" &&
      !TAKEN.some(
        (taken) =>
          clean === taken || clean.startsWith(`${taken}/`) || taken.startsWith(`${clean}/`),
      )
    );
  },
  { error: `must not lie over or under ${TAKEN.join(", ")}` },
);

const SECOND = 1_000;
const MONTH = 30 * 86_400_000;

const idle = z
  .strictObject({ freeze_after: duration(SECOND, MONTH), stop_after: duration(SECOND, MONTH) })
  .partial();

const inherited = {
  image,
  priority,
  /** Share of CPU under contention; 1 unless said otherwise. */
  weight: count(1, 1000),
  limits,
  network: z.strictObject({ egress: z.enum(["none", "open"]) }).partial(),
  workspace,
  environment: sized(environment, BOUNDS.environmentEntries),
  labels: sized(labels, BOUNDS.labels),
  secrets: z
    .array(secret)
    .max(BOUNDS.secrets)
    .refine(distinct, { error: "must name each secret once" }),
  security: z.strictObject({ read_only_root: z.boolean() }).partial(),
  tmpfs: z.array(tmpfs).max(BOUNDS.tmpfs).refine(distinct, { error: "must name each path once" }),
  /** `none` takes an inherited one away. */
  idle: z.union([z.literal("none"), idle], { error: "must be a map, or none" }),
  agents: sized(z.record(agentName, agentLayer), BOUNDS.agentsPerProject),
};

/** What every project inherits from `defaults`. */
export const defaultsLayer = z.strictObject(inherited).partial();
/** A template; templates may extend one another. */
export const templateLayer = z.strictObject({ extends: name, ...inherited }).partial();
/** A project, by whichever way it was declared. */
export const projectLayer = z.strictObject({ name, extends: name, ...inherited }).partial();
/** A file that holds one project. */
export const projectFile = z.strictObject({
  api_version: z.literal("berth/v1").optional(),
  ...projectLayer.shape,
  name,
});

export type ProjectLayer = z.output<typeof projectLayer>;

function sized<K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  record: z.ZodRecord<K, V>,
  max: number,
) {
  return record.refine((value) => Object.keys(value).length <= max, {
    error: `must have at most ${max} entries`,
  });
}

function distinct(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}
