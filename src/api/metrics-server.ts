/** Serves `/metrics` to a scraper over TCP, with a token of its own that no database has to be asked about. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { asBerthError, BerthError, causeChain } from "../base/errors.ts";
import { BOUNDS } from "./bounds.ts";
import { type Address, addressesOf, listenOn } from "./listen.ts";
import type { ApiLog } from "./log.ts";
import { problemOf } from "./problem.ts";
import { METRICS_TYPE } from "./routes-probe.ts";

export interface MetricsOptions {
  /** `host:port`. */
  readonly listen: string;
  readonly token: string;
  metrics(): Promise<string>;
  readonly log: ApiLog;
}

export interface ServedMetrics {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A scraper holds one connection, a few when it retries. */
const CONNECTIONS = 16;
/** Shorter ones are guessed. */
const TOKEN_MIN = 16;

/**
 * Starts serving `GET /metrics`; throws BerthError when the address or the token cannot be used. Apart from the API, because
 * monitoring must see a daemon whose database is away, and API tokens are in the database.
 */
export async function serveMetrics(options: MetricsOptions): Promise<ServedMetrics> {
  const address = tcpAddress(options.listen);
  if (options.token.length < TOKEN_MIN)
    throw new BerthError("usage", {
      code: "api.metrics-token-short",
      detail: `BERTH_METRICS_LISTEN needs BERTH_METRICS_TOKEN or BERTH_METRICS_TOKEN_FILE, ${TOKEN_MIN} characters or more`,
    });
  const server = createServer(
    { maxHeaderSize: BOUNDS.headerBytes, requestTimeout: BOUNDS.requestMs },
    (request, response) => {
      answer(request, options).then(
        (text) => send(response, [200, METRICS_TYPE, text]),
        (thrown: unknown) => refuse(response, thrown, options.log),
      );
    },
  );
  server.maxConnections = CONNECTIONS;
  server.on("clientError", (_error, socket) => socket.destroy());
  const port = await listenOn(server, address, 0);
  server.on("error", (thrown) =>
    options.log.error({ chain: causeChain(asBerthError(thrown)) }, "metrics server failed"),
  );
  return {
    host: address.host,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tcpAddress(listen: string): Extract<Address, { kind: "tcp" }> {
  const [address, more] = addressesOf(listen);
  if (address?.kind === "tcp" && more === undefined) return address;
  throw new BerthError("usage", {
    code: "api.metrics-address-invalid",
    detail: `BERTH_METRICS_LISTEN is "${listen}"`,
    hint: "host:port, for instance 127.0.0.1:9464",
  });
}

async function answer(request: IncomingMessage, options: MetricsOptions): Promise<string> {
  if (request.url?.split("?")[0] !== "/metrics")
    throw new BerthError("usage", {
      code: "api.route-missing",
      detail: "nothing but /metrics is served here",
    });
  if (request.method !== "GET")
    throw new BerthError("usage", {
      code: "api.method-refused",
      detail: `/metrics does not take ${request.method ?? "that"}`,
    });
  if (!allowed(request.headers.authorization ?? "", options.token))
    throw new BerthError("permission", {
      code: "api.metrics-token-wrong",
      detail: "the scraper's bearer token is missing or wrong",
    });
  return options.metrics();
}

/** Digests are compared, so that neither the time nor the length of a guess tells anything. */
function allowed(header: string, token: string): boolean {
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refuse(response: ServerResponse, thrown: unknown, log: ApiLog): void {
  const error = asBerthError(thrown);
  if (error.kind === "defect") log.error({ chain: causeChain(error) }, "metrics failed");
  const problem = problemOf(error);
  if (problem.status === 401) response.setHeader("www-authenticate", "Bearer");
  send(response, [problem.status, "application/problem+json", JSON.stringify(problem)]);
}

function send(
  response: ServerResponse,
  [status, type, text]: readonly [number, string, string],
): void {
  response.on("error", () => undefined);
  response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" });
  response.end(text);
}
