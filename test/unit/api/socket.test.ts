/** Addresses: the socket's mode, taken over from the dead only, and TCP beside it. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serveApi } from "../../../src/api/serve.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";

const log = { error: () => undefined, warn: () => undefined };
const serve = (listen: string) =>
  serveApi({ daemon: fakeDaemon(), listen, version: "0", log, now: () => 0 });
let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-socket-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("the socket is for owner and group, in a directory made if missing, and gone after close", async () => {
  const path = join(directory, "run", "berth.sock");
  const served = await serve(`unix:${path}`);
  expect(served.address).toBe(`unix:${path}`);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  await served.close();
  expect(existsSync(path)).toBe(false);
});

test("the socket a dead daemon left behind is replaced", async () => {
  const path = join(directory, "berth.sock");
  const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program]);
  expect(existsSync(path)).toBe(true);
  const served = await serve(`unix:${path}`);
  await served.close();
});

test("the socket of a living daemon is left alone", async () => {
  const path = join(directory, "berth.sock");
  const living = createServer().listen(path);
  await once(living, "listening");
  await expect(serve(`unix:${path}`)).rejects.toMatchObject({
    kind: "conflict",
    code: "api.socket-taken",
  });
  expect(existsSync(path)).toBe(true);
  living.close();
});

test("a file that is not a socket is never removed", async () => {
  const path = join(directory, "berth.sock");
  writeFileSync(path, "precious");
  await expect(serve(`unix:${path}`)).rejects.toMatchObject({
    kind: "conflict",
    code: "api.socket-path-taken",
  });
  expect(existsSync(path)).toBe(true);
});

test("addresses it cannot listen at are refused, and so are paths the kernel would cut", async () => {
  for (const listen of ["unix:relative.sock", "", "8080", "127.0.0.1:65536", "host:x", "unix:/a,"])
    await expect(serve(listen)).rejects.toMatchObject({
      kind: "usage",
      code: "api.listen-unsupported",
    });
  await expect(serve(`unix:${directory}/${"x".repeat(100)}`)).rejects.toMatchObject({
    code: "api.socket-path-too-long",
  });
});

test("several addresses are served side by side; when one is taken, none is left open", async () => {
  const path = join(directory, "berth.sock");
  const served = await serve(`unix:${path},127.0.0.1:0`);
  const [socket, tcp = ""] = served.addresses;
  expect(socket).toBe(`unix:${path}`);
  expect((await fetch(`${tcp}/healthz`)).status).toBe(200);
  const second = join(directory, "second.sock");
  await expect(serve(`unix:${second},${tcp.replace("http://", "")}`)).rejects.toMatchObject({
    kind: "conflict",
    code: "api.address-taken",
  });
  expect(existsSync(second)).toBe(false);
  await served.close();
  await expect(fetch(`${tcp}/healthz`)).rejects.toThrow("fetch failed");
});
