/** The page's files: from memory, under a strict policy, without a token. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServerWith } from "../../support/api-server.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";

const HTML = `<!doctype html>${"<p>berth</p>".repeat(50)}`;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-page-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), HTML);
  writeFileSync(join(folder, "assets", "app-1.js"), "export {};");
  writeFileSync(join(folder, "secret.env"), "no type, so it is not served");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the page comes without a token, under a policy that lets nothing in from elsewhere", async () => {
  await using server = await startServerWith(fakeDaemon(), { pageFolder: folder });
  const answer = await server.askTcp({ path: "/" });
  expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([
    200,
    HTML,
    "text/html; charset=utf-8",
  ]);
  const policy = String(answer.headers["content-security-policy"]);
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ])
    expect(policy.split("; ")).toContain(part);
  expect(answer.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  });
});

test("files are sent compressed where that is accepted, and not at all when the reader has them", async () => {
  await using server = await startServerWith(fakeDaemon(), { pageFolder: folder });
  const accept = { "accept-encoding": "gzip, br" };
  const response = await server.openTcp({ path: "/", headers: accept });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(HTML);
  const etag = response.headers.etag ?? "";
  const again = { ...accept, "if-none-match": `"other", W/${etag}` };
  const unchanged = await server.askTcp({ path: "/", headers: again });
  expect([unchanged.status, unchanged.text]).toEqual([304, ""]);
});

test("hashed assets may be kept for ever; what has no known type, or lies outside, is not served", async () => {
  await using server = await startServerWith(fakeDaemon(), { pageFolder: folder });
  const asset = await server.askTcp({ path: "/assets/app-1.js" });
  expect([asset.status, asset.text, asset.headers["cache-control"]]).toEqual([
    200,
    "export {};",
    "public, max-age=31536000, immutable",
  ]);
  for (const path of ["/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/secret.env"])
    expect((await server.askTcp({ path })).status).not.toBe(200);
  expect((await server.askTcp({ path: "/secret.env" })).status).toBe(401);
});

test("without built files / says so, and the API serves", async () => {
  await using server = await startServerWith(fakeDaemon(), { pageFolder: "/nowhere" });
  expect((await server.askTcp({ path: "/" })).json()).toMatchObject({
    status: 404,
    code: "api.page-missing",
  });
  expect((await server.ask({ path: "/api/v1/projects" })).status).toBe(200);
});
