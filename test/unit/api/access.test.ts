/** TCP serves only who bears a token, only what the token is for, and only under names that are its own; each refusal has its status and code. */
import { expect, test } from "vitest";
import { startServerWith, startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { aProject, fakeDaemon, NOW } from "../../support/fake-daemon.ts";

const PROJECTS = "/api/v1/projects";

async function refused(
  server: TestServer,
  headers: Readonly<Record<string, string>>,
  path = PROJECTS,
): Promise<unknown> {
  const answer = await server.askTcp({ path, headers });
  const { status, code } = answer.json() as { status: number; code: string };
  expect(answer.status).toBe(status);
  return [status, code];
}

test("without a token TCP answers 401 and says which scheme, the unix socket answers", async () => {
  await using server = await startServer(fakeDaemon());
  const answer = await server.askTcp({ path: PROJECTS });
  expect([answer.status, answer.headers["www-authenticate"]]).toEqual([
    401,
    'Bearer realm="berth"',
  ]);
  expect(answer.json()).toMatchObject({ code: "api.token-missing" });
  expect((await server.ask({ path: PROJECTS })).status).toBe(200);
});

test("wrong, foreign, expired and revoked tokens open nothing, and are not told apart", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const live = await bearer(daemon, "read");
  const expired = await bearer(daemon, "read", { expiresAt: NOW });
  const revoked = await bearer(daemon, "read");
  await daemon.revokeToken(revoked.id, { who: "local", claim: null, reason: null });
  expect((await server.askTcp({ path: PROJECTS, headers: live.headers })).status).toBe(200);
  const swapped = `${live.secret.slice(0, -43)}${expired.secret.slice(-43)}`;
  for (const shown of [
    expired.headers.authorization,
    revoked.headers.authorization,
    `Bearer ${swapped}`,
    `Bearer ${live.secret}x`,
    `Basic ${live.secret}`,
    "Bearer",
    "",
  ])
    expect([shown, await refused(server, { authorization: shown })]).toEqual([
      shown,
      [401, "api.token-invalid"],
    ]);
  expect((await server.askTcp({ path: PROJECTS, headers: live.headers })).status).toBe(200);
});

test("a token shown on the unix socket counts there too", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "read");
  const answer = await server.ask({ method: "POST", path: `${PROJECTS}/web/pause`, headers });
  expect(answer.json()).toMatchObject({ status: 403, code: "api.scope-missing" });
  const wrong = { authorization: "Bearer nonsense" };
  expect((await server.ask({ path: PROJECTS, headers: wrong })).status).toBe(401);
});

test("records name the token, and keep why", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "admin");
  const said = { ...headers, "x-berth-reason": "too%20loud" };
  await server.askTcp({ method: "POST", path: `${PROJECTS}/web/pause`, headers: said });
  expect(daemon.asked.at(-1)).toMatchObject([
    "setWanted",
    { by: { who: expect.stringMatching(/^token:test-\d+$/) as unknown, reason: "too loud" } },
  ]);
});

test("a name that is not its own is refused, also when Origin says the same name", async () => {
  const daemon = fakeDaemon();
  await using server = await startServerWith(daemon, { allowedHosts: ["berth.example.org"] });
  const { headers } = await bearer(daemon, "read");
  const { host, port } = new URL(server.url);
  const under = (name: string, origin?: string) =>
    server.askTcp({
      path: PROJECTS,
      headers: { ...headers, host: name, ...(origin === undefined ? {} : { origin }) },
    });
  for (const name of [host, `localhost:${port}`, `[::1]:${port}`, "berth.example.org"]) {
    expect([name, (await under(name)).status]).toEqual([name, 200]);
    expect([name, (await under(name, `http://${name}`)).status]).toEqual([name, 200]);
  }
  for (const name of ["evil.example", `evil.example:${port}`, "127.0.0.1", "localhost:1"]) {
    for (const origin of [undefined, `http://${name}`])
      expect([name, (await under(name, origin)).json()]).toMatchObject([
        name,
        { status: 403, code: "api.host-refused" },
      ]);
  }
  for (const origin of ["http://evil.example", "null", "http://localhost:1", "file://", ""])
    expect([origin, (await under(host, origin)).json()]).toMatchObject([
      origin,
      { status: 403, code: "api.origin-refused" },
    ]);
  expect((await under(host)).status).toBe(200);
});

test("no answer over TCP allows a page of another site to read it", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "admin");
  const preflight = await server.askTcp({
    method: "OPTIONS",
    path: PROJECTS,
    headers: { origin: "http://evil.example", "access-control-request-method": "GET" },
  });
  expect(preflight.status).toBe(403);
  const answers = [preflight, await server.askTcp({ path: PROJECTS, headers })];
  for (const answer of answers)
    expect(Object.keys(answer.headers).filter((name) => name.includes("allow-origin"))).toEqual([]);
});

test("liveness needs no token; readiness, metrics and the document do", async () => {
  await using server = await startServer(fakeDaemon());
  expect((await server.askTcp({ path: "/healthz" })).status).toBe(200);
  for (const path of ["/readyz", "/metrics", "/api/v1/openapi.json", "/nowhere", "/api/v1/nowhere"])
    expect([path, await refused(server, {}, path)]).toEqual([path, [401, "api.token-missing"]]);
});

test("a token is made, listed without its secret, and gone at once when revoked", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const made = await server.ask({
    path: "/api/v1/tokens",
    body: { name: "ci", scope: "run", project: "web", expiresAt: NOW + 60_000 },
  });
  const { token, secret, page } = made.json() as {
    token: { id: string };
    secret: string;
    page: string;
  };
  expect(secret).toMatch(/^berth_[0-9a-f]{12}_[\w-]{43}$/);
  expect(page).toBe(`${server.url}/#token=${secret}`);
  const list = await server.ask({ path: "/api/v1/tokens" });
  expect(list.json()).toMatchObject({ items: [{ id: token.id, name: "ci", scope: "run" }] });
  expect(list.text).not.toContain(secret.slice(-43));
  const headers = { authorization: `Bearer ${secret}` };
  expect((await server.askTcp({ path: `${PROJECTS}/web`, headers })).status).toBe(200);
  const gone = await server.ask({ method: "DELETE", path: `/api/v1/tokens/ci` });
  expect(gone.json()).toMatchObject({ name: "ci", revokedAt: NOW });
  expect(await refused(server, headers)).toEqual([401, "api.token-invalid"]);
});

test("a project's token sees its project as if it were the only one", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("api"), aProject("web")];
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "admin", { project: "web" });
  const list = await server.askTcp({ path: PROJECTS, headers });
  expect((list.json() as { items: { name: string }[] }).items.map(({ name }) => name)).toEqual([
    "web",
  ]);
  expect(await refused(server, headers, `${PROJECTS}/api`)).toEqual([404, "api.object-missing"]);
  const absent = await server.askTcp({ path: `${PROJECTS}/nobody`, headers });
  const foreign = await server.askTcp({ path: `${PROJECTS}/api`, headers });
  expect(foreign.text).toBe(absent.text);
  expect(await refused(server, headers, "/api/v1/host")).toEqual([403, "api.token-project-only"]);
});
