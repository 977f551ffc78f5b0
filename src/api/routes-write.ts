/** Routes that declare and clear: plan, apply, rollback, down, gc. */
import type { Daemon } from "../loop/daemon.ts";
import { garbageView } from "../schema/api-host.ts";
import { applyView, downView, planView } from "../schema/api-plan.ts";
import { applyBody, downBody, gcBody, planBody, rollbackBody } from "../schema/api-request.ts";
import { type Route, route } from "./route.ts";

/** What declares, and what clears. */
export function writeRoutes(daemon: Daemon): readonly Route[] {
  return [...declarationWrites(daemon), ...clearingWrites(daemon)];
}

function declarationWrites(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/plan",
      summary: "What applying a bundle would do; changes nothing",
      access: { kind: "host", scope: "read" },
      body: planBody,
      bodyLimit: "bundleBodyBytes",
      response: planView,
      // nothing is changed, and an old plan helps nobody
      repeats: "each-time",
      answer: ({ body }) => daemon.plan(body.bundle, body.prune),
    }),
    route({
      method: "post",
      path: "/apply",
      summary: "Accept a bundle as the new generation",
      access: { kind: "host", scope: "admin" },
      body: applyBody,
      bodyLimit: "bundleBodyBytes",
      response: applyView,
      answer: ({ body, by, idempotencyKey }) => daemon.apply({ ...body, by, idempotencyKey }),
    }),
    route({
      method: "post",
      path: "/rollback",
      summary: "Accept an earlier declaration again, as a new generation",
      access: { kind: "host", scope: "admin" },
      body: rollbackBody,
      response: applyView,
      answer: ({ body, by, idempotencyKey }) =>
        daemon.rollback({ generation: body.generation, by, idempotencyKey }),
    }),
  ];
}

function clearingWrites(daemon: Daemon): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/down",
      summary: "Deactivate every project of one source, or of all",
      access: { kind: "host", scope: "admin" },
      body: downBody,
      response: downView,
      answer: async ({ body, by, idempotencyKey }) => ({
        projects: await daemon.down({ source: body.source, by: { ...by, idempotencyKey } }),
      }),
    }),
    route({
      method: "post",
      path: "/gc",
      summary: "Remove what is ours and no longer needed",
      access: { kind: "host", scope: "admin" },
      body: gcBody,
      response: garbageView,
      answer: ({ body, by }) => daemon.gc({ ...body, by }),
    }),
  ];
}
