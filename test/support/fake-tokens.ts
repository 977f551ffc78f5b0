/** The tokens of the fake daemon: kept in memory, checked by the real book. */
import { BerthError } from "../../src/base/errors.ts";
import { newSecret, TokenBook } from "../../src/loop/token-book.ts";
import type { TokenDaemon } from "../../src/loop/token-daemon.ts";
import type { AuditView } from "../../src/model/access.ts";
import type { LiveToken } from "../../src/postgres/token-door.ts";

/** As in fake-daemon.ts, which imports this file. */
const NOW = 1_800_000_000_000;

function anAudit(id: number, changes: Partial<AuditView> = {}): AuditView {
  return {
    id,
    at: NOW - 60_000 + id,
    by: { who: "token:ci", claim: null, reason: "nightly" },
    action: "restart",
    project: "web",
    detail: "the whole container",
    ...changes,
  };
}

/** Tokens and audit over a list in memory; `note` remembers what was asked. */
export function fakeTokens(
  note: <T>(method: string, argument: unknown, answer: T) => T,
): TokenDaemon {
  const all: LiveToken[] = [];
  const book = new TokenBook({
    read: async () => all.filter(({ revokedAt }) => revokedAt === null),
    now: () => NOW,
    elapsed: () => performance.now(),
  });
  const view = ({ hash: _hash, ...rest }: LiveToken) => rest;
  return {
    async createToken({ by, ...asked }) {
      const { id, text, hash } = newSecret();
      const token = { ...asked, id, hash, createdAt: NOW, createdBy: by.who, revokedAt: null };
      all.unshift(token);
      book.forget();
      return note("createToken", { ...asked, by }, { token: view(token), secret: text });
    },
    tokens: async () => all.map(view),
    async revokeToken(token, by) {
      const at = all.findIndex(({ id, name }) => id === token || name === token);
      const found = all[at];
      if (found === undefined)
        throw new BerthError("usage", { code: "postgres.token-unknown", detail: `no ${token}` });
      all[at] = { ...found, revokedAt: NOW };
      book.forget();
      return note("revokeToken", { token, by }, view(all[at]));
    },
    bearerOf: (text) => book.bearerOf(text),
    isTokenLive: (id) => book.isLive(id),
    audit: async (query) => note("audit", query, [anAudit(2), anAudit(1)].slice(0, query.limit)),
  };
}
