/** Access tokens and the audit log as resources of the API. */
import { z } from "zod";
import { type AuditView, SCOPES, type TokenView } from "../model/access.ts";
import { name, page } from "./api-request.ts";
import { instant, listOf, proves, shape } from "./api-shape.ts";

export const tokenView = proves<TokenView>()(
  shape({
    id: z.string(),
    name: z.string(),
    scope: z.enum(SCOPES),
    project: z.string().nullable(),
    createdAt: instant,
    createdBy: z.string(),
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
  }),
).meta({ id: "Token" });

export const tokenList = shape({ items: listOf(tokenView), next: z.string().nullable() }).meta({
  id: "TokenList",
});

/** `secret` is the whole token, told this once: a repeat of the request gets null. `page` opens the page with it where one is served. */
export const tokenMade = shape({
  token: tokenView,
  secret: z.string().nullable(),
  page: z.string().nullable(),
}).meta({ id: "TokenMade" });

/** Names of tokens; ids are 12 hex digits, and neither may be taken for the other. */
const tokenName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, {
    error: "must be 1 to 63 letters, digits, `.`, `_` or `-`",
  })
  .refine((text) => !/^[0-9a-f]{12}$/.test(text), { error: "must not look like a token's id" });

export const tokenBody = z.strictObject({
  name: tokenName,
  scope: z.enum(SCOPES),
  /** Absent or null: the whole host. */
  project: name.nullable().default(null),
  /** Milliseconds since the epoch; absent or null: never. */
  expiresAt: z.number().int().min(0).nullable().default(null),
});
export const tokenPath = z.strictObject({ token: name });

const auditEntry = proves<AuditView>()(
  shape({
    id: z.number(),
    at: instant,
    by: shape({ who: z.string(), claim: z.string().nullable(), reason: z.string().nullable() }),
    action: z.string(),
    project: z.string().nullable(),
    detail: z.string(),
  }),
).meta({ id: "AuditEntry" });
export const auditPage = shape({ items: listOf(auditEntry), next: z.string().nullable() }).meta({
  id: "AuditPage",
});

const count = z.coerce.number().int().min(0);
export const auditQuery = z.strictObject({
  project: name.optional(),
  /** Milliseconds since the epoch. */
  since: count.optional(),
  /** The `next` of the page before. */
  cursor: count.optional(),
  limit: page.default(100),
});

export type ApiToken = z.output<typeof tokenView>;
export type TokenMade = z.output<typeof tokenMade>;
export type TokenList = z.output<typeof tokenList>;
export type TokenBody = z.input<typeof tokenBody>;
export type ApiAuditEntry = z.output<typeof auditEntry>;
export type AuditPage = z.output<typeof auditPage>;
export type AuditQuery = z.input<typeof auditQuery>;
