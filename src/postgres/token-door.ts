/** What the rest of the program may ask of Postgres about access tokens: `PostgresDoor.tokens`. */
import type { Scope, TokenView } from "../model/access.ts";
import type { KeyedAsker } from "./door.ts";

export interface NewToken {
  readonly epoch: number;
  /** 12 hex digits. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, in hex. */
  readonly hash: string;
  readonly scope: Scope;
  readonly project: string | null;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  readonly by: KeyedAsker;
}

export interface LiveToken extends TokenView {
  readonly hash: string;
}

export interface TokenDoor {
  /** Audited. Under a known key the token made then, by its own id. `postgres.token-name-taken` (conflict) while a live token has the name, `postgres.tokens-full` (capacity) past the bound. */
  create(token: NewToken): Promise<TokenView>;
  /** By id or name; audited. Unknown or revoked already: `postgres.token-unknown`. */
  revoke(request: Readonly<{ epoch: number; token: string; by: KeyedAsker }>): Promise<TokenView>;
  /** Newest first, with those that ended lately. */
  list(): Promise<readonly TokenView[]>;
  /** All that open something now. */
  live(): Promise<readonly LiveToken[]>;
}
