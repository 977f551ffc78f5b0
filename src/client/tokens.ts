/** Calls about access: part of the client. */
import { BerthError } from "../base/errors.ts";
import type {
  ApiToken,
  AuditPage,
  AuditQuery,
  TokenBody,
  TokenList,
  TokenMade,
} from "../schema/api-token.ts";

export type Token = ApiToken;
export type AuditEntry = AuditPage["items"][number];

interface Calls {
  readonly get: <T>(path: string, query?: object) => Promise<T>;
  readonly write: <T>(path: string, body: object) => Promise<T>;
  readonly end: <T>(path: string) => Promise<T>;
}

/** Functions over one daemon's tokens and audit log; paths are below `/api/v1`. */
export function tokenCalls({ get, write, end }: Calls) {
  return {
    createToken: async (token: TokenBody) => toldNow(await write<TokenMade>("/tokens", token)),
    tokens: async () => (await get<TokenList>("/tokens")).items,
    /** By id or name. */
    revokeToken: (token: string) => end<Token>(`/tokens/${encodeURIComponent(token)}`),
    audit: (query: AuditQuery) => get<AuditPage>("/audit", query),
  };
}

/** The transport may repeat a request whose answer it lost; then the secret went with that answer. */
function toldNow(made: TokenMade): TokenMade & Readonly<{ secret: string }> {
  const { secret, token } = made;
  if (secret !== null) return { ...made, secret };
  throw new BerthError("conflict", {
    code: "client.secret-lost",
    detail: `the token ${token.name} was made, but the answer with its secret got lost`,
    hint: `berth token revoke ${token.name}, then make it again`,
  });
}
