/** The route that declares one project by itself: creates it, or changes what is declared of it. */
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { applyView } from "../schema/api-plan.ts";
import { declareBody, projectPath } from "../schema/api-request.ts";
import { onProject } from "./access.ts";
import { type Route, route } from "./route.ts";

/** Declarations that come this way have a source of their own each, so that pruning a file's never touches them. */
const BASE = "/api";

/** Checked like any file, with the host's accepted settings; answers like `apply`, and nothing else is changed. */
export function declareRoute(daemon: Daemon): Route {
  return route({
    method: "put",
    path: "/projects/{name}",
    summary: "Declare a project: creates it, or changes it in place",
    access: onProject("admin"),
    params: projectPath,
    body: declareBody,
    response: applyView,
    answer: ({ params, body, caller, by, idempotencyKey }) => {
      // a declaration says what a project may take of the host and mount from it
      if (caller.project !== null)
        throw new BerthError("permission", {
          code: "api.token-project-only",
          detail: "declaring a project is for whoever holds the host",
        });
      const declaration = { ...body.declaration, name: params.name };
      const entry = `${params.name}.yaml`;
      return daemon.apply({
        bundle: {
          entry,
          files: { [entry]: JSON.stringify(declaration, null, 2) },
          base: BASE,
          overlays: [],
        },
        prune: false,
        expected: null,
        adopt: false,
        by,
        idempotencyKey,
      });
    },
  });
}
