/** What is too large, too slow, too many or too fast is refused with its own status and code, and the server serves on. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startServer, type TestServer, until } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { fakeDaemon, liveEvents } from "../../support/fake-daemon.ts";

const PROJECTS = "/api/v1/projects";
const SSE = { accept: "text/event-stream" };
const silent = liveEvents().follow;

interface Raw {
  readonly socket: Socket;
  text: string;
  readonly closed: Promise<unknown>;
}

async function raw(server: TestServer, head = ""): Promise<Raw> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const answer: Raw = { socket, text: "", closed: once(socket, "close") };
  socket.on("data", (chunk: Buffer) => (answer.text += chunk.toString()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(head);
  return answer;
}

const refusal = ({ text }: Raw) => [
  Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]),
  /"code":"([\w.-]+)"/.exec(text)?.[1],
];

test("bodies that are no JSON, malformed, or too large by length or in chunks are refused", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "admin");
  const big = `{"generation":${" ".repeat(1_048_577)}1}`;
  const chunked = { ...headers, "transfer-encoding": "chunked" };
  const cases = [
    [
      415,
      "api.content-type-refused",
      { raw: "{}", headers: { ...headers, "content-type": "text/plain" } },
    ],
    [
      415,
      "api.content-type-refused",
      { raw: "a=1", headers: { ...headers, "content-type": "application/x-www-form-urlencoded" } },
    ],
    [400, "api.body-malformed", { raw: "{", headers }],
    [413, "api.body-too-large", { raw: big, headers }],
    [413, "api.body-too-large", { raw: big, headers: chunked }],
  ] as const;
  for (const path of ["/api/v1/rollback", "/api/v1/apply", "/api/v1/tasks"])
    for (const [status, code, sent] of cases) {
      const answer = await server.askTcp({ method: "POST", path, ...sent });
      expect([path, code, answer.status, answer.json()]).toMatchObject([
        path,
        code,
        status,
        { code },
      ]);
      expect((await server.askTcp({ path: PROJECTS, headers })).status).toBe(200);
    }
});

test("a head of more than 16 KiB is refused", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "read");
  const answer = await server.askTcp({
    path: PROJECTS,
    headers: { ...headers, "x-filler": "x".repeat(16_384) },
  });
  expect([answer.status, answer.json()]).toMatchObject([431, { code: "api.header-too-large" }]);
  expect((await server.askTcp({ path: PROJECTS, headers })).status).toBe(200);
});

test("clients that send nothing, half a head or half a body are cut in time", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon, { requestMs: 200 });
  const { headers } = await bearer(daemon, "admin");
  const { host } = new URL(server.url);
  const head = `POST /api/v1/rollback HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${headers.authorization}\r\n`;
  const whole = `${head}content-type: application/json\r\ncontent-length: 20\r\n\r\n{`;
  const clients = await Promise.all(
    ["", "GET /", head, whole].map(async (sent) => {
      const client = await raw(server, sent);
      await client.closed;
      return [sent, refusal(client)];
    }),
  );
  for (const [sent, refused] of clients)
    expect([sent, refused]).toEqual([sent, [408, "api.request-slow"]]);
  expect((await server.askTcp({ path: PROJECTS, headers })).status).toBe(200);
});

test("past the bound of connections requests are refused, health is told, and the socket is free", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon, { connections: 4, spareConnections: 2 });
  const { headers } = await bearer(daemon, "read");
  const held = await Promise.all(Array.from({ length: 4 }, () => raw(server, "GET /")));
  const full = await server.askTcp({ path: PROJECTS, headers });
  expect([full.status, full.headers["retry-after"], full.json()]).toMatchObject([
    503,
    "2",
    { code: "api.connections-full" },
  ]);
  // those that only wait take the spare places from each other, never from who asks
  const waiting = await Promise.all(Array.from({ length: 5 }, () => raw(server)));
  for (let at = 0; at < 5; at += 1)
    expect((await server.askTcp({ path: "/healthz" })).status).toBe(200);
  expect((await server.ask({ path: PROJECTS })).status).toBe(200);
  for (const { socket } of [...held, ...waiting]) socket.destroy();
  await until(async () => (await server.askTcp({ path: PROJECTS, headers })).status === 200, 5_000);
});

test("streams count apart: they neither fill the requests' places nor are kept out by them", async () => {
  const daemon = fakeDaemon({ follow: silent });
  await using server = await startServer(daemon, { connections: 2, streamReaders: 4 });
  const { headers } = await bearer(daemon, "read");
  const path = "/api/v1/events";
  const open = () => server.openTcp({ path, headers: { ...headers, ...SSE } });
  const streams = [await open(), await open(), await open(), await open()];
  expect(streams.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  const fifth = await server.askTcp({ path, headers: { ...headers, ...SSE } });
  expect([fifth.status, fifth.json()]).toMatchObject([429, { code: "api.streams-full" }]);
  expect((await server.askTcp({ path: PROJECTS, headers })).status).toBe(200);
  for (const stream of streams) stream.on("error", () => undefined).destroy();
});

test("a token that asks too often is told when to ask again, and others are not slowed", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon, { tokenRate: 5, tokenBurst: 20, refusalMs: 50 });
  const [loud, calm] = [await bearer(daemon, "read"), await bearer(daemon, "read")];
  const ask = ({ headers }: typeof loud) => server.askTcp({ path: PROJECTS, headers });
  const flood = await Promise.all(Array.from({ length: 40 }, () => ask(loud)));
  const refused = flood.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10);
  expect(refused[0]?.json()).toMatchObject({ code: "api.rate-exceeded" });
  expect(Number(refused[0]?.headers["retry-after"])).toBeGreaterThan(0);
  expect((await ask(calm)).status).toBe(200);
  expect((await server.ask({ path: PROJECTS })).status).toBe(200);
  await until(async () => (await ask(loud)).status === 200, 5_000);
});

test("one token cannot take all connections", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon, {
    connections: 8,
    tokenConnections: 3,
    refusalMs: 1,
  });
  const [greedy, other] = [await bearer(daemon, "read"), await bearer(daemon, "read")];
  const { host } = new URL(server.url);
  const request = `GET ${PROJECTS} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${greedy.headers.authorization}\r\n\r\n`;
  const clients: Raw[] = [];
  for (let at = 0; at < 4; at += 1) {
    const client = await raw(server, request);
    clients.push(client);
    await until(() => client.text.includes("}"), 5_000);
  }
  expect(clients.map(({ text }) => Number(text.slice(9, 12)))).toEqual([200, 200, 200, 429]);
  expect((await server.askTcp({ path: PROJECTS, headers: other.headers })).status).toBe(200);
  for (const { socket } of clients) socket.destroy();
});
