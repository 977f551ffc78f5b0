/** One HTTP server within its bounds: what Node's parser refuses is a problem too, and connections past the bound still learn of health. */
import type { getRequestListener } from "@hono/node-server";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { BerthError } from "../base/errors.ts";
import type { Bounds } from "./bounds.ts";
import { Connections } from "./connections.ts";
import { problemOf, rawProblem } from "./problem.ts";

type Listener = ReturnType<typeof getRequestListener>;

/** The server and its connections; `listenerOf` is told of them to make the request listener. */
export function makeServer(
  bounds: Bounds,
  listenerOf: (connections: Connections) => Listener,
): Server {
  const connections = new Connections(bounds);
  const listener = listenerOf(connections);
  const server = createServer(
    {
      maxHeaderSize: bounds.headerBytes,
      requestTimeout: bounds.requestMs,
      headersTimeout: bounds.requestMs,
      // how late a slow request may be noticed
      connectionsCheckingInterval: Math.min(1_000, bounds.requestMs),
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      if (connections.isSpare(request.socket) && spareRefused(request, response)) return;
      void listener(request, response);
    },
  );
  server.maxHeadersCount = bounds.headers;
  // the last resort: connections that began as streams of either kind
  server.maxConnections =
    bounds.connections + bounds.spareConnections + bounds.streamReaders + bounds.terminals;
  server.timeout = bounds.idleMs;
  server.on("connection", (socket) => connections.enter(socket));
  server.on("upgrade", (request) => connections.leave(request.socket));
  server.on("clientError", refuse);
  return server;
}

/** Liveness is answered past the bound, all else is not; either way the connection ends. */
function spareRefused(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader("connection", "close");
  if (request.url === "/healthz") return false;
  const problem = problemOf(
    new BerthError("capacity", {
      code: "api.connections-full",
      detail: "as many connections as are served at once are open",
      hint: "try again, or close idle ones",
    }),
  );
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "retry-after": "2",
  });
  response.end(JSON.stringify(problem));
  return true;
}

/** What Node's parser refuses is answered as a problem too, where anybody is left to read it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(refusalOf(error));
  socket.end(rawProblem(problem), () => socket.destroy());
}

function refusalOf(error: NodeJS.ErrnoException): BerthError {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new BerthError("usage", {
      code: "api.request-slow",
      detail: "the request did not arrive in time",
    });
  if (error.code === "HPE_HEADER_OVERFLOW")
    return new BerthError("usage", {
      code: "api.header-too-large",
      detail: "the request's head is too large",
    });
  return new BerthError("usage", { code: "api.request-malformed", detail: error.message });
}

/** Stops listening and waits for answers under way, at most `graceMs`. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const end = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await end;
  clearTimeout(timer);
}
