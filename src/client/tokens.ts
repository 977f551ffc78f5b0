/** Calls about access: part of the client. */
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
    createToken: (token: TokenBody) => write<TokenMade>("/tokens", token),
    tokens: async () => (await get<TokenList>("/tokens")).items,
    /** By id or name. */
    revokeToken: (token: string) => end<Token>(`/tokens/${encodeURIComponent(token)}`),
    audit: (query: AuditQuery) => get<AuditPage>("/audit", query),
  };
}
