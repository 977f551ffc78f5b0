/** Verbs that stream: logs and events, a line each. */
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { Daemon } from "../../../src/loop/daemon.ts";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { aLine, anEvent, aProject, fakeDaemon, lines, NOW } from "../../support/fake-daemon.ts";

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

test("a range that is over ends a follow well, and there is nothing to follow of a previous run", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect(await cli(["logs", "web", "-f", "--until", "1m"], at)).toMatchObject({
    code: 0,
    stdout: "coder#0 | hello\ncoder#0 | world\n",
    stderr: "",
  });
  expect((await cli(["logs", "web", "-f", "--until", "2999-01-01"], at)).code).toBe(69);
  expect(await cli(["logs", "web", "-f", "--previous"], at)).toMatchObject({
    code: 64,
    stdout: "",
    stderr: expect.stringMatching(/--previous/),
  });
});

test("logs and events are a JSON line each with -o json as with ndjson, and text with table and wide", async () => {
  await using server = await startServer(fakeDaemon());
  const at = { address: server.address };
  for (const words of [["logs", "web"], ["events"]]) {
    const said = async (...form: string[]) => (await cli([...words, ...form], at)).stdout;
    const ndjson = await said("--json");
    const records: unknown[] = ndjson.split("\n", 2).map((line) => JSON.parse(line) as unknown);
    expect(records).toMatchObject([{ project: "web" }, { project: "web" }]);
    for (const form of ["json", "ndjson"]) expect(await said("-o", form)).toBe(ndjson);
    const text = await said();
    expect(text).not.toBe(ndjson);
    for (const form of ["table", "wide"]) expect(await said("-o", form)).toBe(text);
    expect((await cli([...words, "-o", "name"], at)).code).toBe(64);
  }
});

test("logs take a replica by the name lines show, alone or among other targets", async () => {
  const output: Daemon["output"] = (query) =>
    lines(
      [aLine(NOW, "zero"), aLine(NOW + 1, "one", { replica: 1 })].filter(
        ({ replica }) => (query.replica ?? replica) === replica,
      ),
    );
  const daemon = fakeDaemon({ output });
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const at = { address: server.address };
  expect((await cli(["logs", "web/coder#1"], at)).stdout).toBe("coder#1 | one\n");
  expect((await cli(["logs", "web/coder#1", "api/coder#0"], at)).stdout).toBe(
    "api/coder#0 | zero\nweb/coder#1 | one\n",
  );
  for (const word of ["web/coder#", "web/#0", "web/coder#x", "web/coder#0#1"])
    expect((await cli(["logs", word], at)).code).toBe(64);
});

test("an agent the daemon refuses is refused, also beside one it knows", async () => {
  const output: Daemon["output"] = async function* (query) {
    if (query.agent === "nope")
      throw new BerthError("usage", {
        code: "loop.agent-missing",
        detail: "web has no agent nope",
        hint: "agents: s",
      });
    yield* lines([aLine(NOW, "hello")].slice(0, query.tail ?? 1));
  };
  await using server = await startServer(fakeDaemon({ output }));
  for (const words of [["web/nope"], ["web/coder", "web/nope"], ["web/nope", "-f"]])
    expect(await cli(["logs", ...words], { address: server.address })).toMatchObject({
      code: 64,
      stdout: "",
      stderr: "error: web has no agent nope\nhint: agents: s\n",
    });
});

test("events of a project nobody knows are none, with a word on stderr", async () => {
  await using server = await startServer(fakeDaemon({ events: async () => [] }));
  const at = { address: server.address };
  expect(await cli(["events", "web"], at)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await cli(["events", "nope"], at)).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/no project nope/),
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

test("a terminal is not steered by what agents print; a pipe and NDJSON get it as it was", async () => {
  const text = "\u001B]0;mine\u0007\u001B[31mred\tend";
  const output: Daemon["output"] = () => lines([aLine(NOW, text)]);
  await using server = await startServer(fakeDaemon({ output }));
  const at = { address: server.address };
  const words = ["logs", "web", "--color", "never"];
  expect((await cli(words, at)).stdout).toBe(`coder#0 | ${text}\n`);
  expect((await cli(words, { ...at, tty: true })).stdout).toBe(
    "coder#0 | \uFFFD]0;mine\uFFFD\u001B[31mred\tend\u001B[0m\n",
  );
  const json = await cli([...words, "--json"], { ...at, tty: true });
  expect(JSON.parse(json.stdout)).toMatchObject({ text });
});
