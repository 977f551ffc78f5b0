/** Answers about access: makes and ends tokens, tells who bears one, reads the audit log. */
import { BerthError } from "../../base/errors.ts";
import { newSecret, TokenBook } from "../token-book.ts";
import type { TokenDaemon, TokenRequest } from "../token-daemon.ts";
import { type DaemonState, leading } from "../state.ts";
import { recordOf } from "./views.ts";

export function serveTokens(state: DaemonState): TokenDaemon {
  const { tokens } = state.postgres;
  const book = new TokenBook({
    read: () => tokens.live(),
    now: state.now,
    elapsed: () => performance.now(),
  });
  return {
    async createToken(request) {
      const session = leading(state);
      const { name, scope, project, expiresAt, by } = request;
      if (project !== null) recordOf(project, session);
      refuseEnded(request, state.now());
      const { id, text, hash } = newSecret();
      const { epoch } = session.world.install;
      const token = await tokens.create({ epoch, id, name, hash, scope, project, expiresAt, by });
      // Known by its idempotency key: this secret opens nothing, and that one's is gone.
      if (token.id !== id) return { token, secret: null };
      book.forget();
      state.log.conceal(text);
      return { token, secret: text };
    },
    tokens: () => tokens.list(),
    async revokeToken(token, by) {
      const { epoch } = leading(state).world.install;
      const gone = await tokens.revoke({ epoch, token, by });
      book.forget();
      return gone;
    },
    bearerOf: (text) => book.bearerOf(text),
    isTokenLive: (id) => book.isLive(id),
    audit: (query) => state.postgres.audit(query),
  };
}

function refuseEnded({ expiresAt }: TokenRequest, now: number): void {
  if (expiresAt === null || expiresAt > now) return;
  throw new BerthError("usage", {
    code: "loop.token-expired",
    detail: "the token would expire before it exists",
    hint: "give a time to come",
  });
}
