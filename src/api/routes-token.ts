/** Routes about access: tokens are made and ended by whoever holds the host; the audit log says who did what. */
import { paged, pageOf } from "./paged.ts";
import type { Daemon } from "../loop/daemon.ts";
import { pageQuery } from "../schema/api-request.ts";
import {
  auditPage,
  auditQuery,
  tokenBody,
  tokenList,
  tokenMade,
  tokenPath,
  tokenView,
} from "../schema/api-token.ts";
import { within } from "./access.ts";
import { type Route, route } from "./route.ts";

/** `pageUrl` answers where a browser finds the page, null when only a unix socket is served. */
export function tokenRoutes(daemon: Daemon, pageUrl: () => string | null): readonly Route[] {
  return [
    createRoute(daemon, pageUrl),
    route({
      method: "get",
      path: "/tokens",
      summary: "Access tokens without their secrets, newest first; ended ones for 30 days",
      access: { kind: "host", scope: "admin" },
      query: pageQuery,
      response: tokenList,
      answer: async ({ query }) => pageOf(await daemon.tokens(), query, newestFirst),
    }),
    route({
      method: "delete",
      path: "/tokens/{token}",
      summary: "Revoke a token by id or name; it opens nothing any more within a second",
      access: { kind: "host", scope: "admin" },
      params: tokenPath,
      response: tokenView,
      answer: ({ params, by, idempotencyKey }) =>
        daemon.revokeToken(params.token, { ...by, idempotencyKey }),
    }),
    auditRoute(daemon),
  ];
}

function createRoute(daemon: Daemon, pageUrl: () => string | null): Route {
  return route({
    method: "post",
    path: "/tokens",
    summary: "Make an access token; its secret is told once, here, and null to a repeat",
    access: { kind: "host", scope: "admin" },
    body: tokenBody,
    response: tokenMade,
    again: (made) => ({ ...made, secret: null, page: null }),
    answer: async ({ body, by, idempotencyKey }) => {
      const { token, secret } = await daemon.createToken({
        ...body,
        by: { ...by, idempotencyKey },
      });
      const url = pageUrl();
      const shown = secret !== null && url !== null;
      return { token, secret, page: shown ? `${url}/#token=${secret}` : null };
    },
  });
}

function auditRoute(daemon: Daemon): Route {
  return route({
    method: "get",
    path: "/audit",
    summary: "Who asked for what, when and why, newest first, in pages",
    access: { kind: "narrowed", scope: "admin" },
    query: auditQuery,
    response: auditPage,
    answer: async ({ query, caller }) => {
      const found = await daemon.audit({
        project: within(caller, query.project ?? null),
        since: query.since ?? null,
        before: query.cursor ?? null,
        limit: query.limit + 1,
      });
      return paged(found, query.limit);
    },
  });
}

/** Keys in the order of the list: what is left until the end of time falls. */
function newestFirst({ createdAt, id }: Readonly<{ createdAt: number; id: string }>): string {
  return `${String(Number.MAX_SAFE_INTEGER - Math.trunc(createdAt)).padStart(16, "0")}-${id}`;
}
