/** Tokens and the audit log from the command line, and the CLI itself over TCP. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { cli } from "../../support/cli.ts";
import { fakeDaemon, NOW } from "../../support/fake-daemon.ts";

test("a token is printed once, with the page's address, and listed by what it may do", async () => {
  await using server = await startServer(fakeDaemon());
  const { address } = server;
  const words = ["token", "create", "ci", "--scope", "run", "--project", "web", "--expires", "30d"];
  const made = await cli(words, { address });
  const [secret, page] = made.stdout.split("\n");
  expect(secret).toMatch(/^berth_[0-9a-f]{12}_[\w-]{43}$/);
  expect(page).toBe(`${server.url}/#token=${secret}`);
  expect(made.stderr).toMatch(/^ci may look and work with tasks in web until .*not shown again\n$/);
  const list = await cli(["token", "list"], { address });
  expect(list.stdout).toMatch(
    /^NAME +ID +SCOPE +PROJECT .*\nci +[0-9a-f]{12} +run +web .*live until/,
  );
  expect(list.stdout).not.toContain(secret?.slice(-43));
  const data = await cli(["token", "list", "--json"], { address });
  expect(JSON.parse(data.stdout)).toMatchObject([{ name: "ci", expiresAt: NOW + 30 * 86_400_000 }]);
  expect(await cli(["token", "revoke", "ci"], { address })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^ci \([0-9a-f]{12}\) revoked\n$/) as unknown,
  });
  expect((await cli(["token", "revoke", "ci2"], { address })).code).toBe(64);
});

test("-o name prints the secret alone, for a script", async () => {
  await using server = await startServer(fakeDaemon());
  const words = ["token", "create", "ci", "--scope", "read", "-o", "name"];
  expect((await cli(words, { address: server.address })).stdout).toMatch(/^berth_[\w-]+\n$/);
});

test("a token without a scope, with a strange one or without a name is a mistake in the command line", async () => {
  for (const words of [
    ["create", "ci"],
    ["create", "ci", "--scope", "root"],
    ["create", "--scope", "read"],
    ["make"],
  ])
    expect([words, (await cli(["token", ...words])).code]).toEqual([words, 64]);
});

test("the audit log says who, what, when and why", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { address } = server;
  const words = ["audit", "--project", "web", "--since", "1d"];
  const shown = await cli(words, { address });
  expect(shown.stdout).toMatch(
    /^TIME +BY +ACTION +PROJECT +REASON +DETAIL\n.*token:ci +restart +web +nightly/,
  );
  expect(daemon.asked.at(-1)).toEqual([
    "audit",
    { project: "web", since: NOW - 86_400_000, before: null, limit: 1001 },
  ]);
  expect(JSON.parse((await cli([...words, "--json"], { address })).stdout)).toHaveLength(2);
});

test("over TCP the CLI shows the token of its environment, and without one it is 77", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { secret } = await bearer(daemon, "admin");
  const directory = mkdtempSync(join(tmpdir(), "berth-token-"));
  const file = join(directory, "token");
  writeFileSync(file, `${secret}\n`);
  const { url } = server;
  for (const env of [{ BERTH_TOKEN: secret }, { BERTH_TOKEN_FILE: file }]) {
    const ran = await cli(["ps", "-o", "name"], { address: url, env });
    expect(ran).toMatchObject({ code: 0, stdout: "web\n" });
    const exec = await cli(["exec", "web", "--", "true"], { address: url, env });
    expect(exec).toMatchObject({ code: 7, stderr: "err" });
  }
  rmSync(directory, { recursive: true });
  expect(await cli(["ps"], { address: url })).toMatchObject({
    code: 77,
    stderr: expect.stringContaining("token") as unknown,
  });
  const unreadable = await cli(["ps"], { address: url, env: { BERTH_TOKEN_FILE: file } });
  expect(unreadable.code).toBe(64);
});
