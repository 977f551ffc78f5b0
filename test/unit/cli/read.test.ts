/** Reading verbs: data on stdout in every form, messages on stderr. */
import { load } from "js-yaml";
import { expect, test } from "vitest";
import type { Verb } from "../../../src/cli/verb.ts";
import { VERBS } from "../../../src/cli/verbs.ts";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { aProject, fakeDaemon, NOW, READY } from "../../support/fake-daemon.ts";
import { aSummary } from "../../support/fake-tasks.ts";

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

test("every verb that prints an answer takes -o, streams only forms that lines have", async () => {
  const refusals = VERBS.map(async ({ name, load: verbOf }) => {
    const { stderr } = await cli([name, "-o", "nope"]);
    const choices = /Allowed choices are ([a-z, ]+)\./.exec(stderr)?.[1]?.split(", ");
    return [name, (await verbOf()).output, choices] as const;
  });
  const found = Map.groupBy(await Promise.all(refusals), ([, output]) => output);
  const choicesOf = (output: Verb["output"]) => [
    ...new Set(found.get(output)?.map(([, , choices]) => choices?.join(" "))),
  ];
  expect(choicesOf("formats")).toEqual(["table wide json ndjson yaml name"]);
  expect(choicesOf("stream")).toEqual(["table wide json ndjson"]);
  expect(found.get("none")?.map(([name]) => name)).toEqual(["exec"]);
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

test("what others said steers no terminal: reasons, faults, notes and modes", async () => {
  const evil = "a\u001B[2Jb\r\nc\u0007";
  const daemon = fakeDaemon({
    ready: () => ({ ...READY, modes: [{ name: "redis-gone", since: NOW, detail: evil }] }),
    describe: async () => ({ ...(await fakeDaemon().describe("web")), project, notes: [evil] }),
  });
  const fault = { code: "docker.refused", detail: evil, at: NOW };
  const project = aProject("web", { reasons: [evil], fault });
  await using server = await startServer(daemon);
  const at = { address: server.address };
  const said = [await cli(["describe", "web"], at), await cli(["ps"], at)];
  for (const { stdout, stderr } of said)
    expect((stdout + stderr).replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(said[0]?.stdout).toMatch(/^Reason: +a \[2Jb c $/m);
  expect(said[0]?.stdout).toMatch(/^Fault: +a \[2Jb c {2}\(docker\.refused\)$/m);
  expect(said[0]?.stdout).toMatch(/^Note: +a \[2Jb c $/m);
  expect(said[1]?.stderr).toContain("a [2Jb c");
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
    "Note:       image node:26 means another one by now",
  ])
    expect(stdout).toContain(part);
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
  const nobody = await cli(["version"], { address: "unix:/nowhere.sock" });
  expect(nobody.stdout).toBe("berth  0.1.0\nno daemon answers at unix:/nowhere.sock\n");
});

test("version tells a daemon that does not tell everybody from one that is absent", async () => {
  await using server = await startServer(fakeDaemon());
  expect(await cli(["version"], { address: server.url })).toMatchObject({
    code: 0,
    stdout: `berth  0.1.0\nthe daemon at ${server.url} does not tell: requests over TCP need a token\n`,
  });
});

test.each(["task list", "queue", "history", "audit", "events"])(
  "%s -n 0 asks for none and says nothing of how many there are",
  async (words) => {
    const daemon = fakeDaemon({ tasks: async () => [aSummary("t-1")] });
    await using server = await startServer(daemon);
    const at = { address: server.address };
    const { code, stdout, stderr } = await cli([...words.split(" "), "-n", "0"], at);
    const pool = words === "queue" ? /^2 of 2 slots taken, .*\n$/ : /^$/;
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: expect.stringMatching(pool),
    });
    const json = await cli([...words.split(" "), "-n", "0", "--json"], at);
    expect(json.stdout).toMatch(/^(\[\]\n)?$/);
  },
);
