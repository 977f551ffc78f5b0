/** Generated from the route table: what a body may weigh, over TCP and on the unix socket, sized and in chunks, with the bounds users have. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Route } from "../../../src/api/route.ts";
import { type Sent, startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";
import { bodyFor, pathFor, tableOf, twoProjects } from "../../support/route-table.ts";

const MIB = 1_048_576;
const CHUNKED = { "transfer-encoding": "chunked" };

const writes = tableOf(fakeDaemon()).filter(({ method }) => method === "post" || method === "put");
const bundled = (route: Route): boolean => ["/api/v1/plan", "/api/v1/apply"].includes(route.path);
const named = (routes: readonly Route[]) =>
  routes.map((route) => [`${route.method} ${route.path}`, route] as const);

const BLANK = Buffer.alloc(17 * MIB + 1, " ");

/** A good body of exactly that many bytes: spaces before it. */
function weighing(route: Route, bytes: number): readonly (string | Uint8Array)[] {
  const text = JSON.stringify(
    route.path === "/api/v1/log-level" ? { level: "warn" } : bodyFor(route, "web"),
  );
  return [BLANK.subarray(0, bytes - text.length), text];
}

type Way = (sent: Sent) => ReturnType<TestServer["ask"]>;

const SIZED = {};
const BOTH = [SIZED, CHUNKED];

async function statuses(
  way: Way,
  route: Route,
  { bytes, sent: kinds = BOTH }: Readonly<{ bytes: number; sent?: readonly Sent["headers"][] }>,
) {
  const sent = { method: route.method.toUpperCase(), path: pathFor(route, "web") };
  const answers = [];
  for (const headers of kinds) {
    const answer = await way({ ...sent, parts: weighing(route, bytes), headers: headers ?? {} });
    const { code } = Object.assign({ code: null }, answer.json());
    answers.push(answer.status === 413 ? code : answer.status === 404 ? "unknown" : answer.status);
    expect((await way({ path: "/healthz" })).status).toBe(200);
  }
  return answers;
}

let server: TestServer;
let tcp: Way;
const socket: Way = (sent) => server.ask(sent);
/** One for all: nothing that is asked here depends on what was asked before. */
beforeAll(async () => {
  const daemon = twoProjects();
  server = await startServer(daemon, { tokenBurst: 1_000, tokenRate: 1_000 });
  const { headers } = await bearer(daemon, "admin");
  tcp = (sent) => server.askTcp({ ...sent, headers: { ...headers, ...sent.headers } });
});
afterAll(() => server[Symbol.asyncDispose]());

const REFUSED = ["api.body-too-large", "api.body-too-large"];

test.each(named(writes))("%s: 1 MiB over TCP, not a byte more", async (_, route) => {
  expect(await statuses(tcp, route, { bytes: MIB, sent: [SIZED] })).not.toContain(
    "api.body-too-large",
  );
  expect(await statuses(tcp, route, { bytes: MIB + 1 })).toEqual(REFUSED);
});

test.each(named(writes.filter((route) => !bundled(route))))(
  "%s: 1 MiB on the unix socket, not a byte more",
  async (_, route) => {
    expect(await statuses(socket, route, { bytes: MIB, sent: [CHUNKED] })).not.toContain(
      "api.body-too-large",
    );
    expect(await statuses(socket, route, { bytes: MIB + 1 })).toEqual(REFUSED);
  },
);

test.each(named(writes.filter(bundled)))(
  "%s: 17 MiB on the unix socket, where a bundle of 16 MiB fits, not a byte more",
  async (_, route) => {
    expect(await statuses(socket, route, { bytes: 17 * MIB })).toEqual([200, 200]);
    expect(await statuses(socket, route, { bytes: 17 * MIB + 1 })).toEqual(REFUSED);
  },
);
