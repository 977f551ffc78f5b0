/** What outlives its request: a token that ends takes its streams and terminals along, a reader that stops reading is cut, a ticket opens one terminal once. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { OutputLine } from "../../../src/runners/door.ts";
import { startServer, type TestServer, until } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import {
  aLine,
  anEvent,
  aProject,
  fakeDaemon,
  liveEvents,
  NOW,
} from "../../support/fake-daemon.ts";

const SSE = { accept: "text/event-stream" };
const BY = { who: "local", claim: null, reason: null };
const silent = liveEvents().follow;

/** Resolves at the end, however it came. */
const closeOf = (stream: IncomingMessage) =>
  new Promise<void>((resolve) => stream.on("close", () => resolve()));

test("revoking a token ends its streams within a second, and nobody else's", async () => {
  const daemon = fakeDaemon({ follow: silent });
  await using server = await startServer(daemon);
  const [gone, stays] = [await bearer(daemon, "read"), await bearer(daemon, "read")];
  const open = ({ headers }: typeof gone) =>
    server.openTcp({ path: "/api/v1/events", headers: { ...headers, ...SSE } });
  const [ending, staying] = [await open(gone), await open(stays)];
  let over = false;
  for (const stream of [ending, staying]) stream.resume().on("error", () => undefined);
  staying.on("close", () => (over = true));
  const closed = closeOf(ending);
  const at = performance.now();
  await daemon.revokeToken(gone.id, BY);
  await closed;
  expect(performance.now() - at).toBeLessThan(1_000);
  expect(over).toBe(false);
  staying.destroy();
});

test("a token that expires ends its streams too, and one that Postgres can no longer vouch for", async () => {
  const daemon = fakeDaemon({ follow: silent });
  let vouched = true;
  const isTokenLive = async (id: string) => {
    if (vouched) return daemon.isTokenLive(id);
    throw new Error("Postgres is away");
  };
  await using server = await startServer({ ...daemon, isTokenLive }, { tokenLookMs: 20 });
  const { headers } = await bearer(daemon, "read");
  const stream = await server.openTcp({ path: "/api/v1/live", headers: { ...headers, ...SSE } });
  stream.resume().on("error", () => undefined);
  const closed = closeOf(stream);
  expect(stream.statusCode).toBe(200);
  vouched = false;
  await closed;
});

test("a reader that stops reading is cut, its source ended and its place freed", async () => {
  let ended = false;
  async function* endless(_query: unknown, signal: AbortSignal): AsyncGenerator<OutputLine> {
    for (let at = 1; !signal.aborted; at += 1) {
      yield aLine(at, "x".repeat(10_000));
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    ended = true;
  }
  const daemon = fakeDaemon({ output: endless });
  await using server = await startServer(daemon, { stallMs: 20, streamReaders: 1 });
  const { headers } = await bearer(daemon, "read");
  const stalled = await server.openTcp({ path: "/api/v1/logs?follow=true", headers });
  stalled.on("error", () => undefined).pause();
  await until(() => ended, 10_000);
  const next = await server.openTcp({ path: "/api/v1/logs?follow=true", headers });
  expect(next.statusCode).toBe(200);
  next.on("error", () => undefined).destroy();
});

test("a reader that is slow but reads is not cut", async () => {
  let made = 0;
  async function* events(_query: unknown, signal: AbortSignal) {
    for (; made < 60 && !signal.aborted; made += 1) {
      yield anEvent(made + 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const daemon = fakeDaemon({ follow: events });
  await using server = await startServer(daemon, { stallMs: 200 });
  const { headers } = await bearer(daemon, "read");
  const answer = await server.askTcp({ path: "/api/v1/events", headers: { ...headers, ...SSE } });
  expect([...answer.text.matchAll(/^id: /gm)]).toHaveLength(60);
});

async function ticketFor(
  server: TestServer,
  headers: Readonly<Record<string, string>>,
  project = "web",
): Promise<string> {
  const path = `/api/v1/projects/${project}/exec-ticket`;
  const answer = await server.askTcp({ method: "POST", path, headers });
  return (answer.json() as { ticket: string }).ticket;
}

async function terminal(server: TestServer, query: string, origin?: string): Promise<string> {
  const url = `${server.url.replace("http", "ws")}/api/v1/projects/web/exec${query}`;
  const ws = new WebSocket(url, origin === undefined ? {} : { origin });
  const said = await new Promise<string>((resolve) => {
    ws.on("open", () => resolve("open"));
    ws.on("error", (error) => resolve(/\d{3}/.exec(String(error))?.[0] ?? String(error)));
  });
  ws.terminate();
  return said;
}

test("a ticket opens one terminal of its project, once", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "admin");
  const ticket = await ticketFor(server, headers);
  expect(await terminal(server, `?ticket=${ticket}`, server.url)).toBe("open");
  expect(await terminal(server, `?ticket=${ticket}`)).toBe("401");
  const foreign = await ticketFor(server, headers, "api");
  expect(await terminal(server, `?ticket=${foreign}`)).toBe("401");
  expect(await terminal(server, "")).toBe("401");
  expect(await terminal(server, `?ticket=${"x".repeat(43)}`)).toBe("401");
  const stolen = await ticketFor(server, headers);
  expect(await terminal(server, `?ticket=${stolen}`, "http://evil.example")).toBe("403");
});

test("a ticket dies with its token, after half a minute, and is not for tokens that may only look", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const admin = await bearer(daemon, "admin");
  const ticket = await ticketFor(server, admin.headers);
  await daemon.revokeToken(admin.id, BY);
  expect(await terminal(server, `?ticket=${ticket}`)).toBe("401");
  const reader = await bearer(daemon, "run");
  const path = "/api/v1/projects/web/exec-ticket";
  const refused = await server.askTcp({ method: "POST", path, headers: reader.headers });
  expect([refused.status, refused.json()]).toMatchObject([403, { code: "api.scope-missing" }]);
  const local = await server.ask({ method: "POST", path });
  expect(local.json()).toMatchObject({ expiresAt: NOW + 30_000 });
});

test("a terminal ends when its token does", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon, { tokenLookMs: 20 });
  const { id, headers } = await bearer(daemon, "admin");
  const ws = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/projects/web/exec`, {
    headers,
  });
  await once(ws, "open");
  const closed = once(ws, "close");
  await daemon.revokeToken(id, BY);
  expect(await closed).toHaveLength(2);
});
