/** Secrets reach the agents that declare them, and nothing else: no inspect, environment, label, log, spool file or table. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const TOKEN = "s3cr3t-Zq8vK2mX7pL4";
const ROTATED = "s3cr3t-Ht5wB9nR1cD6";

/** Each is legal; together they are more than one message to a runner may hold. */
function rich(): readonly string[] {
  return Array.from({ length: 20 }, (_, at) => `KEY_${at}`);
}

const PROJECT = `  web:
    secrets: [API_TOKEN]
    agents:
      user:
        command: [/bin/sh, -c, "echo starts with $(stat -c '%a %u' /run/secrets/API_TOKEN); exec sleep infinity"]
        restart: { policy: always, backoff: 0s, max: 100 }
        stop_grace_period: 0s
  rich:
    secrets: [${rich().join(", ")}]
    agents:
      user: { command: [sleep, infinity], stop_grace_period: 0s }
  poor:
    secrets: [NOBODY_SET_IT, TOO_LARGE, A_FOLDER]
    agents:
      user: { command: [sleep, infinity], stop_grace_period: 0s }
`;

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  put(TOKEN);
  mkdirSync(join(stack.dir, "secrets", "rich"));
  for (const name of rich())
    writeFileSync(join(stack.dir, "secrets", "rich", name), name.padEnd(60_000, "."));
  mkdirSync(join(stack.dir, "secrets", "poor", "A_FOLDER"), { recursive: true });
  writeFileSync(join(stack.dir, "secrets", "poor", "TOO_LARGE"), "x".repeat(70_000));
  await stack.ok("apply", "-f", stack.write("berth.yaml", host(PROJECT)), "-y");
  await look.healthy("web");
});
afterAll(() => stack.close());

function put(value: string): void {
  mkdirSync(join(stack.dir, "secrets", "web"), { recursive: true });
  writeFileSync(join(stack.dir, "secrets", "web", "API_TOKEN"), value, { mode: 0o600 });
}

const inside = (script: string): Promise<string> =>
  stack.ok("exec", "web", "--", "/bin/sh", "-c", script);

test("a declared secret is a file that only its agents can read, on memory", async () => {
  expect(await inside("cat /run/secrets/API_TOKEN")).toBe(TOKEN);
  expect(await inside("stat -c '%a %u' /run/secrets/API_TOKEN")).toBe("400 10001\n");
  expect(await inside("grep -c ' /run tmpfs\\| /run/secrets tmpfs' /proc/mounts")).toMatch(
    /^[1-9]/,
  );
  await eventually("the agent saw it so from its start", async () =>
    (await stack.ok("logs", "web")).includes("starts with 400 10001") ? true : undefined,
  );
});

test("an agent whose secret is missing waits and says which and why, until all are there", async () => {
  const poor = await look.until("poor", ({ health }) => health === "waiting");
  expect(poor.reasons).toContain(
    "missing secrets: A_FOLDER (not a file), NOBODY_SET_IT (absent), TOO_LARGE (larger than 64 KiB)",
  );
  expect(poor.agents[0]?.pid ?? null).toBeNull();
  const folder = join(stack.dir, "secrets", "poor");
  rmSync(join(folder, "A_FOLDER"), { recursive: true });
  for (const name of ["NOBODY_SET_IT", "TOO_LARGE", "A_FOLDER"])
    writeFileSync(join(folder, name), name);
  // A resting runner reports every 10 s.
  expect((await look.healthy("poor")).reasons).toEqual([]);
});

test("secrets that do not fit one message together all arrive", async () => {
  await look.healthy("rich");
  const heads = await stack.ok(
    "exec",
    "rich",
    "--",
    "/bin/sh",
    "-c",
    `cd /run/secrets; for f in ${rich().join(" ")}; do head -c \${#f} $f; echo; done; cat ${rich().join(" ")} | wc -c`,
  );
  expect(heads.trim().split("\n")).toEqual([...rich(), "1200000"]);
});

test("the value is in no inspect, environment, label, log, answer, spool file, table or key", async () => {
  await stack.ok("restart", "web/user");
  const { Id } = await look.container("web");
  const environment = await stack.asRoot(
    "web",
    "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'",
  );
  expect(environment).toContain("PATH=");
  const places: Record<string, string> = {
    "inspect and docker logs": `${await stack.docker("inspect", Id)}${await stack.docker("logs", Id)}`,
    environment,
    "daemon log": readFileSync(stack.logFile, "utf8"),
    logs: await stack.ok("logs", "--json"),
    describe: await stack.ok("describe", "web", "--json"),
    config: await stack.ok("config", "show", "--accepted", "--json"),
    events: JSON.stringify(await look.events()),
    metrics: (await stack.get("/metrics")).body,
    tables: await tables(),
    redis: await keys(),
    spool: await spool(),
  };
  expect(places["tables"]).toContain("API_TOKEN");
  expect(places["spool"]).toContain("API_TOKEN");
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, `${place} was looked at`).toBeGreaterThan(0);
    expect(text.includes(TOKEN), `the secret is in ${place}`).toBe(false);
  }
});

test("a changed secret reaches the agent with its next start", async () => {
  put(ROTATED);
  await stack.ok("restart", "web/user");
  await look.healthy("web");
  expect(await inside("cat /run/secrets/API_TOKEN")).toBe(ROTATED);
});

async function tables(): Promise<string> {
  const names = await look.rows<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  const texts = await Promise.all(
    names.map(({ name }) => look.rows<{ text: string }>(`select t::text as text from "${name}" t`)),
  );
  return texts
    .flat()
    .map(({ text }) => text)
    .join("\n");
}

async function keys(): Promise<string> {
  const redis = new Redis(stack.redis.url);
  try {
    const names = await redis.keys("*");
    const values = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
    return names.map((name, at) => `${name} ${values[at]?.toString("latin1") ?? ""}`).join("\n");
  } finally {
    redis.disconnect();
  }
}

/** Every byte below the volumes of this install that agents or the runner write. */
async function spool(): Promise<string> {
  const { volumes } = await stack.objects();
  const places = await Promise.all(
    volumes
      .filter((name) => !name.includes("runner"))
      .map((name) => stack.docker("volume", "inspect", "--format", "{{.Mountpoint}}", name)),
  );
  return execFileSync("grep", ["-rasE", ".", ...places], { maxBuffer: 64 * 1024 ** 2 }).toString(
    "latin1",
  );
}
