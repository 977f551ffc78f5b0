/** Carries the CLI's requests: over the daemon's unix socket, or over TCP. */
import type { IncomingMessage } from "node:http";
import { BerthError } from "../base/errors.ts";
import { DEFAULT_HOST } from "./context.ts";
import type { Transport, TransportRequest, TransportResponse } from "../client/transport.ts";

/**
 * Not `import { request } from "node:http"`: as an ES module it evaluates every export of node:http, WebSocket and with it all of
 * undici among them, which costs 45 ms of CPU against 5 ms (Node 26) at each start of the CLI.
 */
const { request } = process.getBuiltinModule("node:http");

/** Where a daemon is: its unix socket, or a TCP address with or without TLS in front of it. */
export type DaemonAddress =
  | Readonly<{ kind: "socket"; path: string }>
  | Readonly<{ kind: "tcp"; protocol: "http:" | "https:"; hostname: string; port: string }>;

/** Reads `unix:/path`, `http://host:port`, `https://host` or `host:port`; throws usage. */
export function daemonAddress(host: string): DaemonAddress {
  const path = /^unix:(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return { kind: "socket", path };
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `http://${host}`);
  const whole = url !== null && url.pathname === "/" && url.search === "" && url.username === "";
  if (!whole || host === "" || host.startsWith("unix:"))
    throw new BerthError("usage", {
      code: "cli.host-unsupported",
      detail: `${host} is no address of a daemon`,
      hint: `BERTH_HOST is for instance ${DEFAULT_HOST} or http://127.0.0.1:7878`,
    });
  const protocol = url.protocol === "https:" ? "https:" : "http:";
  return { kind: "tcp", protocol, hostname: url.hostname, port: url.port };
}

/** A transport to the daemon at `host`; one connection a request. */
export function nodeTransport(host: string): Transport {
  const address = daemonAddress(host);
  const secure = address.kind === "tcp" && address.protocol === "https:";
  const send = secure ? process.getBuiltinModule("node:https").request : request;
  return (asked) =>
    new Promise((resolve, reject) => {
      const outgoing = send({
        ...placeOf(address),
        method: asked.method,
        path: asked.path,
        agent: false,
        // Without it Node looks whether the host is an address, by a regular expression that takes 5 ms to compile.
        ...(secure ? {} : { servername: "" }),
        signal: asked.signal,
        headers: {
          ...(address.kind === "socket" ? { host: "berth" } : {}),
          ...asked.headers,
          ...lengthOf(asked),
        },
      });
      outgoing.once("error", (cause) =>
        reject(asked.signal.aborted ? cause : unreachable(host, cause)),
      );
      outgoing.once("response", (response) => resolve(answerOf(response, host)));
      outgoing.end(asked.body ?? undefined);
    });
}

function placeOf(address: DaemonAddress): Readonly<Record<string, string>> {
  if (address.kind === "socket") return { socketPath: address.path };
  const { hostname, port } = address;
  return { hostname: hostname.replaceAll(/[[\]]/g, ""), ...(port === "" ? {} : { port }) };
}

function lengthOf(asked: TransportRequest): Record<string, string> {
  return asked.body === null ? {} : { "content-length": String(Buffer.byteLength(asked.body)) };
}

function answerOf(response: IncomingMessage, host: string): TransportResponse {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(response.headers))
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return { status: response.statusCode ?? 0, headers, body: bytesOf(response, host) };
}

async function* bytesOf(response: IncomingMessage, host: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk;
  } catch (cause) {
    throw cause instanceof Error && cause.name === "AbortError" ? cause : unreachable(host, cause);
  }
}

/** Why the daemon cannot be talked to, for whoever must act. */
export function unreachable(host: string, cause: unknown): BerthError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "EACCES" || code === "EPERM")
    return new BerthError("permission", {
      code: "cli.socket-refused",
      detail: `you may not use the daemon's socket ${host}`,
      hint: "run as a user of the socket's group, or with sudo",
      cause,
    });
  if (code === "ECONNRESET" || code === "EPIPE")
    return new BerthError("transient", {
      code: "cli.daemon-left",
      detail: `the daemon at ${host} ended the connection`,
      hint: "it may be restarting: try again",
      cause,
    });
  return new BerthError("transient", {
    code: "cli.daemon-absent",
    detail: `no daemon answers at ${host}${code === "" ? "" : ` (${code})`}`,
    hint: "start one with scripts/up or `berth daemon`, or point BERTH_HOST at its socket",
    cause,
  });
}
