/** Serves a daemon on a real unix socket in a directory of its own, for one test. */
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bounds } from "../../src/api/bounds.ts";
import { serveApi } from "../../src/api/serve.ts";
import { NOW } from "./fake-daemon.ts";
import type { Daemon } from "../../src/loop/daemon.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  json(): unknown;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly raw?: string;
  /** The body in pieces, for one that is too large to be made anew for every request. */
  readonly parts?: readonly (string | Uint8Array)[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestServer extends AsyncDisposable {
  readonly socket: string;
  /** `http://127.0.0.1:PORT`, where tokens are asked for. */
  readonly url: string;
  readonly address: string;
  readonly directory: string;
  /** What the server logged. */
  readonly logged: (readonly [object, string])[];
  ask(sent: Sent): Promise<Answer>;
  /** The response as it comes; destroy it to vanish. */
  open(sent: Sent): Promise<IncomingMessage>;
  /** The same over TCP. */
  askTcp(sent: Sent): Promise<Answer>;
  openTcp(sent: Sent): Promise<IncomingMessage>;
}

export interface ServerChanges {
  readonly bounds?: Partial<Bounds>;
  readonly directory?: string;
  readonly pageFolder?: string;
  readonly allowedHosts?: readonly string[];
  /** The server's clock; by default it stands still. */
  readonly now?: () => number;
}

export function startServer(
  daemon: Daemon,
  bounds: Partial<Bounds> = {},
  directory?: string,
): Promise<TestServer> {
  return startServerWith(daemon, { bounds, ...(directory === undefined ? {} : { directory }) });
}

/** The same with everything a server can be told. */
export async function startServerWith(
  daemon: Daemon,
  changes: ServerChanges = {},
): Promise<TestServer> {
  const { bounds = {}, pageFolder = null, allowedHosts = [] } = changes;
  const directory = changes.directory ?? mkdtempSync(join(tmpdir(), "berth-api-"));
  const socket = join(directory, "berth.sock");
  const logged: (readonly [object, string])[] = [];
  const log = {
    error: (fields: object, message: string) => void logged.push([fields, message]),
    warn: (fields: object, message: string) => void logged.push([fields, message]),
  };
  const served = await serveApi({
    daemon,
    listen: `unix:${socket},127.0.0.1:0`,
    pageFolder,
    allowedHosts,
    version: "0.1.0",
    log,
    bounds,
    now: changes.now ?? (() => NOW),
  });
  const open = (sent: Sent) => send({ socketPath: socket }, sent);
  const url = served.addresses[1] ?? "";
  const openTcp = (sent: Sent) => send(new URL(url), sent);
  return {
    socket,
    url,
    openTcp,
    askTcp: async (sent) => answerOf(await openTcp(sent)),
    address: served.address,
    directory,
    logged,
    open,
    ask: async (sent) => answerOf(await open(sent)),
    async [Symbol.asyncDispose]() {
      await served.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}

type Place = Readonly<{ socketPath: string }> | URL;

function send(place: Place, sent: Sent): Promise<IncomingMessage> {
  const parts = partsOf(sent);
  const size = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...("socketPath" in place ? place : { hostname: place.hostname, port: place.port }),
      path: sent.path,
      method: sent.method ?? (parts.length === 0 ? "GET" : "POST"),
      agent: false,
      headers: {
        ...(parts.length === 0 ? {} : { "content-type": "application/json" }),
        ...(parts.length === 0 || sent.headers?.["transfer-encoding"] !== undefined
          ? {}
          : { "content-length": String(size) }),
        ...sent.headers,
      },
    });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    for (const part of parts) outgoing.write(part);
    outgoing.end();
  });
}

function partsOf({ parts, raw, body }: Sent): readonly (string | Uint8Array)[] {
  if (parts !== undefined) return parts;
  if (raw !== undefined) return [raw];
  return body === undefined ? [] : [JSON.stringify(body)];
}

/** Waits until `condition` holds, at most `ms`; the only waiting tests do. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = 4_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`not so within ${ms} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
