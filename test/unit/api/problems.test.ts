/** What goes wrong is answered as an RFC 9457 problem whose status follows the error's kind. */
import { connect } from "node:net";
import { expect, test } from "vitest";
import { BerthError, type ErrorKind } from "../../../src/base/errors.ts";
import { problem } from "../../../src/schema/api-problem.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";
import { startServer } from "../../support/api-server.ts";

const STATUSES: readonly (readonly [ErrorKind, number])[] = [
  ["usage", 400],
  ["declaration", 422],
  ["conflict", 409],
  ["capacity", 429],
  ["transient", 503],
  ["permission", 403],
  ["rejected", 502],
  ["defect", 500],
];

test("each kind of error has its status, code, detail and hint", async () => {
  let kind: ErrorKind = "usage";
  const daemon = fakeDaemon({
    doctor: () =>
      Promise.reject(
        new BerthError(kind, { code: "loop.some-problem", detail: "why", hint: "mend it" }),
      ),
  });
  await using server = await startServer(daemon);
  for (const [each, status] of STATUSES) {
    kind = each;
    const answer = await server.ask({ path: "/api/v1/doctor" });
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(problem.parse(answer.json())).toMatchObject({
      type: `urn:berth:problem:${kind}`,
      status,
      code: "loop.some-problem",
      detail: "why",
      hint: "mend it",
    });
  }
});

test("what may pass by itself says when to try again", async () => {
  const daemon = fakeDaemon({
    doctor: () => Promise.reject(new BerthError("capacity", { code: "loop.full", detail: "full" })),
    config: () =>
      Promise.reject(new BerthError("transient", { code: "postgres.unreachable", detail: "gone" })),
  });
  await using server = await startServer(daemon);
  for (const path of ["/api/v1/doctor", "/api/v1/config"])
    expect(Number((await server.ask({ path })).headers["retry-after"])).toBeGreaterThan(0);
});

test("all problems of a declaration are listed with place, hint and snippet", async () => {
  const problems = [
    {
      code: "declare.unit-wrong",
      message: "no such unit",
      path: "web.yaml:3:9",
      hint: "MiB",
      snippet: "3 | memory: 1Gb",
    },
    { code: "declare.key-unknown", message: "unknown key", path: "web.yaml:5:1" },
  ];
  const daemon = fakeDaemon({
    plan: () =>
      Promise.reject(
        new BerthError("declaration", {
          code: "declare.not-valid",
          detail: "2 problems",
          problems,
        }),
      ),
  });
  await using server = await startServer(daemon);
  const bundle = { entry: "b", files: { b: "" }, base: "/", overlays: [] };
  const answer = await server.ask({ path: "/api/v1/plan", body: { bundle } });
  expect(answer.status).toBe(422);
  expect(answer.json()).toMatchObject({ problems });
});

test("what nobody foresaw is a defect, logged with its causes, and told without its stack", async () => {
  const daemon = fakeDaemon({
    doctor: () => Promise.reject(new TypeError("oops", { cause: new Error("deeper") })),
  });
  await using server = await startServer(daemon);
  const answer = await server.ask({ path: "/api/v1/doctor" });
  expect(answer.json()).toMatchObject({ status: 500, code: "base.unexpected", detail: "oops" });
  expect(answer.text).not.toContain("at ");
  expect(JSON.stringify(server.logged)).toContain("deeper");
});

test("what is not there is 404, and a method a path does not take is 405", async () => {
  await using server = await startServer(fakeDaemon());
  expect((await server.ask({ path: "/api/v1/projects/nobody" })).json()).toMatchObject({
    status: 404,
    code: "loop.project-missing",
  });
  expect((await server.ask({ path: "/api/v1/nothing" })).json()).toMatchObject({
    status: 404,
    code: "api.route-missing",
  });
  expect((await server.ask({ path: "/api/v1/projects/" })).json()).toMatchObject({
    status: 404,
    code: "api.route-missing",
  });
  const refused = await server.ask({ path: "/api/v1/plan" });
  expect(refused.json()).toMatchObject({ status: 405, hint: "it takes POST" });
  expect(refused.headers["allow"]).toBe("POST");
  const project = await server.ask({ path: "/api/v1/projects/web", body: {} });
  expect([project.status, project.headers["allow"]]).toEqual([405, "GET, HEAD, DELETE, PUT"]);
});

test("unknown keys, wrong values and malformed JSON are refused with their place", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const scale = "/api/v1/projects/web/agents/coder/scale";
  expect((await server.ask({ path: scale, body: { replicas: 1, extra: 1 } })).json()).toMatchObject(
    {
      status: 400,
      code: "api.request-invalid",
      problems: [{ path: "body", message: 'Unrecognized key: "extra"' }],
    },
  );
  expect((await server.ask({ path: scale, body: { replicas: -1 } })).json()).toMatchObject({
    status: 400,
    path: "body.replicas",
  });
  expect((await server.ask({ path: scale, raw: "{" })).json()).toMatchObject({
    status: 400,
    code: "api.body-malformed",
  });
  expect((await server.ask({ path: "/api/v1/runs?limt=3" })).json()).toMatchObject({ status: 400 });
  expect((await server.ask({ path: "/api/v1/runs?limit=100000" })).json()).toMatchObject({
    path: "query.limit",
  });
  const foreign = { bundle: { entry: "constructor", files: {}, base: "/", overlays: [] } };
  expect((await server.ask({ path: "/api/v1/plan", body: foreign })).json()).toMatchObject({
    path: "body.bundle.entry",
  });
  expect(daemon.asked).toEqual([]);
});

test("a body that is not JSON by its type is 415", async () => {
  await using server = await startServer(fakeDaemon());
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await server.ask({ path: "/api/v1/down", raw: "source=x", headers });
  expect(answer.json()).toMatchObject({ status: 415, code: "api.content-type-refused" });
});

test("a body above its bound is 413, announced or not, and bundles may be larger than the rest", async () => {
  await using server = await startServer(fakeDaemon(), {
    bodyBytes: 1_000,
    bundleBodyBytes: 10_000,
  });
  const source = "x".repeat(2_000);
  expect((await server.ask({ path: "/api/v1/down", body: { source } })).status).toBe(413);
  const headers = { "transfer-encoding": "chunked" };
  expect(
    (await server.ask({ path: "/api/v1/down", raw: JSON.stringify({ source }), headers })).json(),
  ).toMatchObject({ status: 413 });
  const bundle = { entry: "b", files: { b: source }, base: "/", overlays: [] };
  expect((await server.ask({ path: "/api/v1/plan", body: { bundle } })).status).toBe(200);
});

test("an idempotency key that is not one is refused", async () => {
  await using server = await startServer(fakeDaemon());
  const headers = { "idempotency-key": "k".repeat(129) };
  const answer = await server.ask({ path: "/api/v1/rollback", body: { generation: 1 }, headers });
  expect(answer.json()).toMatchObject({ status: 400, code: "api.idempotency-key-invalid" });
});

test("a request that dribbles is cut", async () => {
  await using server = await startServer(fakeDaemon(), { requestMs: 150 });
  const socket = connect({ path: server.socket });
  socket.write(
    "POST /api/v1/down HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
  );
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('"code":"api.request-slow"');
  expect(server.logged).toEqual([]);
});

test("a head that is too large is 431", async () => {
  await using server = await startServer(fakeDaemon());
  const socket = connect({ path: server.socket });
  socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${"y".repeat(20_000)}\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});
