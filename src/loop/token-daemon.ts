/** What the API may ask of the daemon about access: tokens, who bears one, and the audit log. */
import type { AuditView, Scope, TokenView } from "../model/access.ts";
import type { AuditQuery } from "../postgres/audit.ts";
import type { KeyedAsker } from "../postgres/door.ts";

export interface TokenRequest {
  readonly name: string;
  readonly scope: Scope;
  /** Null: the whole host. */
  readonly project: string | null;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  readonly by: KeyedAsker;
}

/** Part of `Daemon`; all throw BerthError. */
export interface TokenDaemon {
  /** `secret` is the token's whole text, told this once; null: its idempotency key made a token before. */
  createToken(
    request: TokenRequest,
  ): Promise<Readonly<{ token: TokenView; secret: string | null }>>;
  tokens(): Promise<readonly TokenView[]>;
  /** By id or name. */
  revokeToken(token: string, by: KeyedAsker): Promise<TokenView>;
  /** The live token of this text, known at most half a second ago; null: none. */
  bearerOf(text: string): Promise<TokenView | null>;
  /** Whether the token of this id still opens anything, known at most half a second ago. */
  isTokenLive(id: string): Promise<boolean>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<readonly AuditView[]>;
}
