/** Serves the API and the page on unix sockets and TCP addresses until it is closed. */
import { getRequestListener } from "@hono/node-server";
import { createServer, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { BerthError, asBerthError, causeChain } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { makeApp } from "./app.ts";
import { BOUNDS, type Bounds } from "./bounds.ts";
import type { ApiLog } from "./log.ts";
import { problemOf, rawProblem } from "./problem.ts";
import { AllowedHosts } from "./hosts.ts";
import { addressesOf, listenOn, urlOf } from "./listen.ts";
import { readPage } from "./page.ts";
import { Readers } from "./stream.ts";
import { Terminals } from "./terminal.ts";

export interface ServeOptions {
  readonly daemon: Daemon;
  /** Comma-separated: `unix:/path` and `host:port`; TCP asks for tokens. */
  readonly listen: string;
  /** Names besides loopback ones under which TCP is served, `HOST` or `HOST:PORT`. */
  readonly allowedHosts?: readonly string[];
  /** Folder of the built page; null or absent folder: there is none. */
  readonly pageFolder?: string | null;
  readonly socketMode?: number;
  readonly version: string;
  readonly log: ApiLog;
  readonly bounds?: Partial<Bounds>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ServedApi {
  /** The first one, as `BERTH_HOST` takes it. */
  readonly address: string;
  /** All of them, in order. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Owner and group may use the socket; the directory decides who else reaches it. */
const SOCKET_MODE = 0o660;

/** Starts serving; throws BerthError `api.*` when the address cannot be used. */
export async function serveApi(options: ServeOptions): Promise<ServedApi> {
  const { daemon, version, log } = options;
  const bounds = { ...BOUNDS, ...options.bounds };
  const wanted = addressesOf(options.listen);
  const readers = new Readers(bounds);
  const hosts = new AllowedHosts(options.allowedHosts ?? []);
  const terminals = new Terminals({ daemon, bounds, log, hosts });
  const page = await readPage(options.pageFolder ?? null);
  let pageUrl: string | null = null;
  const app = makeApp({
    daemon,
    version,
    log,
    bounds,
    readers,
    hosts,
    page,
    pageUrl: () => pageUrl,
    now: options.now,
  });
  const open: { server: Server; address: string }[] = [];
  const close = async (): Promise<void> => {
    readers.endAll();
    terminals.endAll();
    await Promise.all(open.map(({ server }) => closed(server, bounds.closeMs)));
  };
  try {
    for (const address of wanted) {
      const entrance = address.kind;
      const server = bounded(
        getRequestListener((request) => app.fetch(request, { entrance }), {
          overrideGlobalObjects: false,
        }),
        bounds,
      );
      server.on("upgrade", (request, socket, head) =>
        terminals.upgrade(request, socket, { head, entrance }),
      );
      const port = await listenOn(server, address, options.socketMode ?? SOCKET_MODE);
      server.on("error", (thrown) =>
        log.error({ chain: causeChain(asBerthError(thrown)) }, "api server failed"),
      );
      if (address.kind === "tcp") {
        hosts.listensAt(address.host, port);
        pageUrl ??= urlOf(address.host, port);
      }
      const named = address.kind === "socket" ? `unix:${address.path}` : urlOf(address.host, port);
      open.push({ server, address: named });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = open.map(({ address }) => address);
  return { address: addresses[0] ?? "", addresses, close };
}

function bounded(listener: ReturnType<typeof getRequestListener>, bounds: Bounds): Server {
  const server = createServer(
    {
      maxHeaderSize: bounds.headerBytes,
      requestTimeout: bounds.requestMs,
      headersTimeout: bounds.requestMs,
      // how late a slow request may be noticed
      connectionsCheckingInterval: Math.min(1_000, bounds.requestMs),
      keepAliveTimeout: 5_000,
    },
    (request, response) => void listener(request, response),
  );
  server.maxHeadersCount = bounds.headers;
  server.maxConnections = bounds.connections;
  server.on("clientError", refuse);
  return server;
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

async function closed(server: Server, graceMs: number): Promise<void> {
  const end = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await end;
  clearTimeout(timer);
}
