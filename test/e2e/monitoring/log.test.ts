/** The daemon's log while it runs: its level by command, audited, and no secret in it at any level. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const SECRET = 'sk-"quoted"-5f2c9a\\x';
const TOKEN = "the-scrapers-own-token-1234";
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    env: { BERTH_METRICS_LISTEN: "127.0.0.1:0", BERTH_METRICS_TOKEN: TOKEN },
  });
});
afterAll(() => stack.close());

const logged = (): string => readFileSync(stack.logFile, "utf8");

test("the level is printed, changed at once, kept to known words, and audited", async () => {
  expect(await stack.json("daemon", "log-level")).toEqual({ level: "info" });
  await stack.ok("daemon", "log-level", "trace", "--reason", "looking for a stall");
  expect(await stack.json("daemon", "log-level")).toEqual({ level: "trace" });
  expect((await stack.berth("daemon", "log-level", "loud")).code).toBe(64);
  expect(logged()).toContain('"msg":"log level set"');
  const audited = await stack.ok("audit", "--json");
  expect(audited).toContain("log.level");
  expect(audited).toContain("looking for a stall");
});

test("no line holds a secret of a project, the password of a store, or the token of the scraper", async () => {
  const directory = join(stack.dir, "secrets", "web");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "KEY"), SECRET);
  const project = `  web:
    secrets: [KEY]
    agents: { s: { command: [sleep, infinity], stop_grace_period: 1s } }
`;
  await stack.apply(host(project));
  await stack.killDaemon("SIGTERM");
  await eventually("the daemon has said its last", () =>
    logged().includes("agents run on") ? true : undefined,
  );
  const password = new URL(stack.postgres.url).password;
  const lines = logged()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const text = Object.values(line).map(String).join(" ");
    for (const secret of [SECRET, TOKEN, stack.postgres.url, `:${password}@`])
      expect(text).not.toContain(secret);
  }
});
