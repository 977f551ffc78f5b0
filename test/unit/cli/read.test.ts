/** Reading verbs: data on stdout in every form, messages on stderr. */
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { anEvent, aProject, fakeDaemon, lines, NOW, READY } from "../../support/fake-daemon.ts";

test("ps is a table with health, usage and reasons, and says which modes are degraded", async () => {
  const modes = [
    { name: "redis-gone" as const, since: NOW - 30_000, detail: "connection refused" },
  ];
  const daemon = fakeDaemon({ ready: () => ({ ...READY, modes }) });
  const reasons = ["waiting: capacity (needs 512 MiB, 100 MiB free)"];
  daemon.world = [aProject("web"), aProject("api", { health: "waiting", reasons, agents: [] })];
  await using server = await startServer(daemon);
  const { code, stdout, stderr } = await cli(["ps"], { address: server.address });
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "PROJECT  PHASE   HEALTH   AGENTS    CPU      MEM/LIMIT  RESTARTS  AGE  REASON
    web      active  healthy     1/1  12.5%  128MiB/512MiB         2  90s
    api      active  waiting     0/0  12.5%  128MiB/512MiB         0  90s  waiting: capacity (needs 512 MiB, 100 MiB free)
    "
  `);
  expect(stderr).toBe("degraded: redis-gone for 30s: connection refused\n");
});

test("ps knows every output form", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const names = (all: unknown): unknown =>
    Array.isArray(all) && all.map((one: { name: string }) => one.name);
  expect(names(JSON.parse((await cli(["ps", "--json"], at)).stdout))).toEqual(["web", "api"]);
  expect(names(JSON.parse((await cli(["ps", "-o", "json", "api"], at)).stdout))).toEqual(["api"]);
  expect(names(load((await cli(["ps", "-o", "yaml"], at)).stdout))).toEqual(["web", "api"]);
  expect((await cli(["ps", "-o", "name"], at)).stdout).toBe("web\napi\n");
  const ndjson = (await cli(["ps", "-o", "ndjson"], at)).stdout.trim().split("\n");
  expect(names(ndjson.map((line) => JSON.parse(line) as unknown))).toEqual(["web", "api"]);
  expect((await cli(["ps", "-o", "wide"], at)).stdout).toContain("debian:bookworm-slim");
});

test("an empty answer is empty data, with a word on stderr for people", async () => {
  const daemon = fakeDaemon();
  daemon.world = [];
  await using server = await startServer(daemon);
  expect(await cli(["ps"], { address: server.address })).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/no projects/),
  });
  expect((await cli(["ps", "--json"], { address: server.address })).stdout).toBe("[]\n");
});

test("colour is for terminals, NO_COLOR and --color decide otherwise", async () => {
  await using server = await startServer(fakeDaemon());
  const at = { address: server.address };
  const colored = (text: string): boolean => text.includes("\u001B[");
  expect(colored((await cli(["ps"], at)).stdout)).toBe(false);
  expect(colored((await cli(["ps"], { ...at, tty: true })).stdout)).toBe(true);
  expect(colored((await cli(["ps"], { ...at, tty: true, env: { NO_COLOR: "1" } })).stdout)).toBe(
    false,
  );
  expect(colored((await cli(["ps", "--color", "always"], at)).stdout)).toBe(true);
  expect(colored((await cli(["ps", "--color", "never"], { ...at, tty: true })).stdout)).toBe(false);
});

test("describe tells of agents, runs, events and origins", async () => {
  await using server = await startServer(fakeDaemon());
  const { code, stdout } = await cli(["describe", "web"], { address: server.address });
  expect(code).toBe(0);
  for (const part of [
    "Phase:      active for 90s",
    "coder#0",
    "r-1",
    "event 1",
    "projects/web.yaml:4:11",
  ])
    expect(stdout).toContain(part);
});

test("logs of one project name the agent, of several the project too, and --json is a line each", async () => {
  const daemon = fakeDaemon();
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect((await cli(["logs", "web"], at)).stdout).toBe("coder#0 | hello\ncoder#0 | world\n");
  expect((await cli(["logs", "web", "api", "--grep", "^hel"], at)).stdout).toBe(
    "web/coder#0 | hello\napi/coder#0 | hello\n",
  );
  expect((await cli(["logs", "web", "-t", "-n", "1"], at)).stdout).toContain(
    "2027-01-15T08:00:00.000Z coder#0 | hello",
  );
  const [first = ""] = (await cli(["logs", "web", "--json"], at)).stdout.split("\n");
  expect(JSON.parse(first)).toMatchObject({ project: "web", agent: "coder", text: "hello" });
});

test("logs pass filters to the daemon", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const words = [
    "logs",
    "web/coder",
    "--since",
    "10m",
    "--until",
    "2026-01-31T12:00:00Z",
    "--tail",
    "5",
    "--previous",
  ];
  await cli(words, { address: server.address });
  expect(daemon.asked).toEqual([
    [
      "output",
      {
        project: "web",
        agent: "coder",
        run: null,
        since: NOW - 600_000,
        until: Date.parse("2026-01-31T12:00:00Z"),
        tail: 5,
        previous: true,
        follow: false,
      },
    ],
  ]);
});

test("a stream the daemon ends is not mistaken for an end", async () => {
  await using server = await startServer(fakeDaemon());
  const ran = await cli(["logs", "web", "-f"], { address: server.address });
  expect(ran).toMatchObject({
    code: 69,
    stdout: "coder#0 | hello\ncoder#0 | world\n",
    stderr: expect.stringMatching(/ended the stream/),
  });
});

test("events come oldest first and are followed from the last one shown", async () => {
  const daemon = fakeDaemon({
    events: async () => [anEvent(2), anEvent(1, { project: null, cause: "external" })],
    follow: (query) => lines([anEvent((query.after ?? 0) + 1)]),
  });
  await using server = await startServer(daemon);
  const { stdout } = await cli(["events", "-f"], { address: server.address, env: { TZ: "UTC" } });
  const messages = stdout
    .trim()
    .split("\n")
    .map((line) => line.slice(20));
  expect(messages).toEqual([
    "container.started [external] event 1",
    "web container.started event 2",
    "web container.started event 3",
  ]);
});

test("doctor exits 1 only when a check fails", async () => {
  let verdict: "warn" | "fail" = "warn";
  const daemon = fakeDaemon({
    doctor: async () => [{ name: "clock", verdict, detail: "3 s off", mend: "start NTP" }],
  });
  await using server = await startServer(daemon);
  expect(await cli(["doctor"], { address: server.address })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/mend: start NTP/),
  });
  verdict = "fail";
  expect((await cli(["doctor"], { address: server.address })).code).toBe(1);
});

test("history lists generations with who and why", async () => {
  await using server = await startServer(fakeDaemon());
  const { stdout } = await cli(["history"], { address: server.address });
  expect(stdout).toContain("ann (local)");
});

test("version works with and without a daemon", async () => {
  await using server = await startServer(fakeDaemon());
  expect((await cli(["version"], { address: server.address })).stdout).toBe(
    "berth  0.1.0\ndaemon 0.1.0 (leader)\n",
  );
  const alone = await cli(["version", "--json"], { address: "unix:/nowhere.sock" });
  expect(alone.code).toBe(0);
  expect(JSON.parse(alone.stdout)).toMatchObject({ cli: "0.1.0", daemon: null });
});
