/** Serves the API and the page on unix sockets and TCP addresses until it is closed. */
import { getRequestListener } from "@hono/node-server";
import type { Server } from "node:http";
import { asBerthError, causeChain } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { makeApp } from "./app.ts";
import { BOUNDS, type Bounds } from "./bounds.ts";
import type { ApiLog } from "./log.ts";
import { Rates } from "./rates.ts";
import { closeServer, makeServer } from "./server.ts";
import { AllowedHosts } from "./hosts.ts";
import { addressesOf, listenOn, urlOf } from "./listen.ts";
import { readPage } from "./page.ts";
import { Readers } from "./stream.ts";
import { Terminals } from "./terminal.ts";
import { Tickets } from "./tickets.ts";
import { TokenWatch } from "./token-watch.ts";

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
  const watch = new TokenWatch((token) => daemon.isTokenLive(token), bounds);
  const readers = new Readers(bounds, watch);
  const tickets = new Tickets(options.now);
  const hosts = new AllowedHosts(options.allowedHosts ?? []);
  const terminals = new Terminals({ daemon, bounds, log, hosts, tickets, watch });
  const page = await readPage(options.pageFolder ?? null);
  let pageUrl: string | null = null;
  const app = makeApp({
    daemon,
    version,
    log,
    bounds,
    readers,
    rates: ratesOf(bounds),
    tickets,
    hosts,
    page,
    pageUrl: () => pageUrl,
    now: options.now,
  });
  const open: { server: Server; address: string }[] = [];
  const close = async (): Promise<void> => {
    readers.endAll();
    terminals.endAll();
    await Promise.all(open.map(({ server }) => closeServer(server, bounds.closeMs)));
  };
  try {
    for (const address of wanted) {
      const entrance = address.kind;
      const server = makeServer(bounds, (connections) =>
        getRequestListener(
          (request, { incoming }) =>
            app.fetch(request, { entrance, connection: connections.of(incoming.socket) }),
          { overrideGlobalObjects: false },
        ),
      );
      server.on("upgrade", (request, socket, head) =>
        terminals.upgrade(request, socket, { head, entrance }),
      );
      const port = await listenOn(server, address, options.socketMode ?? SOCKET_MODE);
      tellErrors(server, log);
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

function ratesOf({ tokenRate, tokenBurst }: Bounds): Rates {
  return new Rates({
    perSecond: tokenRate,
    burst: tokenBurst,
    elapsed: () => performance.now(),
  });
}

function tellErrors(server: Server, log: ApiLog): void {
  server.on("error", (thrown) =>
    log.error({ chain: causeChain(asBerthError(thrown)) }, "api server failed"),
  );
}
