/** Carries requests over the daemon's unix socket. */
import type { IncomingMessage } from "node:http";
import { BerthError } from "../base/errors.ts";
import { DEFAULT_HOST } from "./context.ts";
import type { Transport, TransportRequest, TransportResponse } from "../client/transport.ts";

/**
 * Not `import { request } from "node:http"`: as an ES module it evaluates every export of node:http, WebSocket and with it all of
 * undici among them, which costs 45 ms of CPU against 5 ms (Node 26) at each start of the CLI.
 */
const { request } = process.getBuiltinModule("node:http");

/** The socket path of `unix:/path`; other addresses are refused until the daemon listens on them. */
export function socketPathOf(host: string): string {
  const path = /^unix:(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return path;
  throw new BerthError("usage", {
    code: "cli.host-unsupported",
    detail: `cannot reach a daemon at ${host}: only unix:/absolute/path for now`,
    hint: `set BERTH_HOST, for instance to ${DEFAULT_HOST}`,
  });
}

/** A transport to the daemon at `host`; one connection a request. */
export function socketTransport(host: string): Transport {
  const socketPath = socketPathOf(host);
  return (asked) =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath,
        method: asked.method,
        path: asked.path,
        agent: false,
        signal: asked.signal,
        headers: { host: "berth", ...asked.headers, ...lengthOf(asked) },
      });
      outgoing.once("error", (cause) =>
        reject(asked.signal.aborted ? cause : unreachable(host, cause)),
      );
      outgoing.once("response", (response) => resolve(answerOf(response, host)));
      outgoing.end(asked.body ?? undefined);
    });
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
