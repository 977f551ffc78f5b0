/** The OpenAPI 3.1 document, written by the same schemas that check requests. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { problem } from "../schema/api-problem.ts";
import { projectPath } from "../schema/api-request.ts";

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

/** The part of the application that knows its routes. */
type Described = Pick<OpenAPIHono, "openAPIRegistry" | "getOpenAPI31Document">;

/** Built on the first request for it: it costs some 10 ms and is seldom asked for. */
export function openApiDocument(app: Described, version: string): Document {
  registerTerminal(app);
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Berth",
      version,
      description:
        "Projects, tasks, runs, events and terminals of one Berth host. The unix socket is for local users; TCP asks for a token.",
    },
    servers: [{ url: "/" }],
  });
}

const TERMINAL = "/api/v1/projects/{name}/exec";

function registerTerminal(app: Described): void {
  if (
    app.openAPIRegistry.definitions.some(
      (known) => known.type === "route" && known.route.path === TERMINAL,
    )
  )
    return;
  app.openAPIRegistry.registerPath({
    method: "get",
    path: TERMINAL,
    summary: "A command inside the project's container, over a WebSocket",
    description:
      "Text frames are JSON: the client begins with {kind: start, argv, tty, root, environment, columns, rows} and may send " +
      "{kind: resize, columns, rows} and {kind: eof}; the daemon says {kind: started} and ends with {kind: exit, code} or " +
      "{kind: problem, problem}. Binary frames are stdin from the client; from the daemon their first byte is 1 for stdout, 2 for stderr.",
    request: { params: projectPath },
    responses: {
      101: { description: "The WebSocket is open" },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: problem } },
      },
    },
  });
}
