/** Who may do what through the API: scopes in order, and access tokens as they are listed. */

/** Each scope holds those before it: look; work with tasks; everything. */
export const SCOPES = ["read", "run", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a scope held is enough for the one needed. */
export function holdsScope(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed);
}

/** A token without its secret, which nobody has but its bearer. */
export interface TokenView {
  /** Names the token in its text, in lists and in streams; no secret. */
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  /** Null: the whole host. */
  readonly project: string | null;
  /** Milliseconds since the epoch, like all times here. */
  readonly createdAt: number;
  readonly createdBy: string;
  /** Null: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** Whether it opens anything at that time. */
export function isLive(token: Pick<TokenView, "expiresAt" | "revokedAt">, now: number): boolean {
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now);
}

/** One thing that was asked for: who, what, when, why. */
export interface AuditView {
  readonly id: number;
  readonly at: number;
  readonly by: Readonly<{ who: string; claim: string | null; reason: string | null }>;
  readonly action: string;
  readonly project: string | null;
  readonly detail: string;
}

/** One word for who asked: what somebody on the socket says of themselves tells more than `local`; a token's name is known, not said. */
export function askerName({ who, claim }: Readonly<{ who: string; claim: string | null }>): string {
  return who === "local" ? (claim ?? who) : who;
}
