/** Texts of a declaration: names, keys, references; each with the sentence an operator reads when it does not fit. */
import { z } from "zod";
import { isKeepable } from "../base/controls.ts";
import { BOUNDS } from "./bounds.ts";

export const NAME = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;
const NAME_RULE =
  "must be 3 to 40 characters: lower-case letters, digits and `-`, a letter first, no `-` last";

/** Names that mean something to JavaScript's objects; refused so that no later lookup by name can meet them. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["constructor", "prototype"]);

/** The name of a project or a template. */
export const name = z
  .string()
  .regex(NAME, { error: NAME_RULE })
  .refine((value) => !RESERVED_NAMES.has(value), { error: "is a reserved name" });

/** Agents live inside their project, so their names may be short. */
export const agentName = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, {
    error:
      "must be 1 to 40 characters: lower-case letters, digits and `-`, a letter first, no `-` last",
  })
  .refine((value) => !RESERVED_NAMES.has(value), { error: "is a reserved name" });

/** Schemas whose plain scalars are kept as they were written: `1.10` and `true` are texts in an environment. */
export const asWritten = z.registry<{ asWritten: true }>();

/** What no text of ours may hold, for the database would refuse it. */
export const NOT_KEEPABLE = "must not contain NUL or half a surrogate pair";

/** A text that may be written as a bare number or boolean. */
export const text = z
  .union(
    [
      z
        .string()
        .max(BOUNDS.textLength, { error: `must be at most ${BOUNDS.textLength} characters` })
        .refine(isKeepable, { error: NOT_KEEPABLE }),
      z.number(),
      z.boolean(),
    ],
    { error: "must be a text" },
  )
  .transform(String)
  .register(asWritten, { asWritten: true });

export const image = z.string().regex(/^[\w][\w.\-/:@]{0,511}$/, {
  error: "must be an image reference such as node:26-bookworm-slim",
});

const ENVIRONMENT_KEY = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;

export const environment = z.record(
  z
    .string()
    .regex(ENVIRONMENT_KEY, { error: "must be letters, digits and `_`, no digit first" })
    .refine((key) => !key.startsWith("BERTH_"), {
      error: "must not begin with BERTH_, which Berth sets itself",
    }),
  text,
);

export const labels = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, {
      error: "must be letters, digits, `.`, `_`, `/` and `-`, at most 128",
    })
    .refine((key) => !key.startsWith("berth."), {
      error: "must not begin with berth., which is reserved",
    }),
  text,
);

/** A whole argv: no shell splits it. */
export const argv = z
  .array(text)
  .min(1, { error: "must name at least the program to run" })
  .max(BOUNDS.commandParts, { error: `must be at most ${BOUNDS.commandParts} parts` })
  .refine((parts) => parts[0] !== "", { error: "must name the program to run, not an empty text" });

export const secret = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, {
  error: "must be capital letters, digits and `_`, a letter first, at most 64",
});

const UID_MAX = 4_294_967_294;

/** `uid` or `uid:gid`; never root, whose powers the runner keeps for itself. */
export const user = z
  .union([z.string(), z.number()], { error: "must be a number: uid or uid:gid" })
  .transform(String)
  .refine((value) => value !== "root" && !/^0+(?::|$)/.test(value), {
    error: "must not be root: agents never run as uid 0",
  })
  .refine((value) => /^\d{1,10}(?::\d{1,10})?$/.test(value), {
    error: "must be a number: uid or uid:gid",
  })
  .refine((value) => value.split(":").every((id) => Number(id) >= 1 && Number(id) <= UID_MAX), {
    error: `must be between 1 and ${UID_MAX}`,
  })
  .register(asWritten, { asWritten: true });
