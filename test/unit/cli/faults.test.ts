/** Mistakes and failures: exit codes, wording, nearest words, problems under --json. */
import { expect, test } from "vitest";
import { BerthError, type ErrorKind } from "../../../src/base/errors.ts";
import { VERBS } from "../../../src/cli/verbs.ts";
import { startServer } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";

test("the help names every verb in a group, and every verb has help with an example", async () => {
  const { code, stdout } = await cli(["--help"]);
  expect(code).toBe(0);
  for (const verb of VERBS) {
    expect(stdout).toContain(`  ${verb.name.padEnd(12)}${verb.summary}`);
    const help = await cli([verb.name, "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/Usage: berth [\s\S]*Examples:\n {2}\S/);
  }
  expect((await cli(["help", "ps"])).stdout).toContain("Usage: berth ps");
});

test("no verb is listed that does not exist yet", async () => {
  const { stdout } = await cli(["--help"]);
  for (const verb of ["graph", "drain", "backup"]) {
    expect(stdout).not.toMatch(new RegExp(`^  ${verb} `, "m"));
    expect((await cli([verb])).code).toBe(64);
  }
});

test("unknown verbs, options and arguments are usage errors that name the nearest word", async () => {
  const nowhere = { address: "unix:/nowhere.sock" };
  expect(await cli(["aply"], nowhere)).toMatchObject({
    code: 64,
    stdout: "",
    stderr: expect.stringMatching(/did you mean apply\?/),
  });
  expect(await cli(["ps", "--jsn"], nowhere)).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/did you mean --json\?/),
  });
  for (const words of [
    [],
    ["describe"],
    ["describe", "web", "api"],
    ["ps", "-o", "xml"],
    ["logs", "web", "--since", "yesterday"],
    ["logs", "web", "--grep", "("],
    ["logs", "a/b/c"],
    ["scale", "web=3"],
    ["scale", "web/coder=x"],
    ["scale", "web/coder=1=2"],
    ["pause", "web/coder"],
    ["rollback", "0"],
    ["apply", "--timeout", "soon"],
    ["exec", "web"],
    ["config", "shw"],
    ["exec", "-t", "web", "--", "sh"],
    ["down", "--all", "-f", "x.yaml"],
    ["run", "web"],
    ["run", "web", "coder", "--payload", "{"],
    ["run", "web", "coder", "--payload", "1", "--payload-file", "-"],
    ["run", "web", "coder", "--payload-file", "/nowhere.json"],
    ["run", "web", "coder", "--priority", "urgent"],
    ["run", "web", "coder", "--complexity", "11"],
    ["run", "web", "coder", "--deadline", "soon"],
    ["task"],
    ["task", "lst"],
    ["task", "constructor"],
    ["task", "show"],
    ["task", "list", "--state", "sleeping"],
    ["task", "priority", "t-1"],
    ["queue", "web/coder"],
    ["simulate"],
    ["simulate", "--trace", "/nowhere.ndjson"],
    ["simulate", "--trace", "-", "--strategy", "luck"],
  ])
    expect([words, (await cli(words, nowhere)).code]).toEqual([words, 64]);
});

test("common options may stand before the verb", async () => {
  const address = "unix:/nowhere.sock";
  for (const early of [
    ["--json", "-H", address],
    ["--host", address, "-o", "json"],
    [`--host=${address}`, "--output=json", "--reason", "ps"],
    ["-ojson", "--color", "never", "--progress", "quiet", `--host=${address}`],
  ]) {
    const ran = await cli([...early, "ps"]);
    expect(ran).toMatchObject({ code: 69, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ code: "cli.daemon-absent" });
  }
  expect(await cli(["--json", "--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  for (const words of [["--json"], ["-o"], ["--jsn", "ps"]])
    expect([words, (await cli(words)).code]).toEqual([words, 64]);
});

test("no daemon is 69 with a hint, a socket that may not be used 77", async () => {
  const absent = await cli(["ps"], { address: "unix:/nowhere.sock" });
  expect(absent).toMatchObject({
    code: 69,
    stdout: "",
    stderr: expect.stringMatching(/no daemon answers.*\nhint: start one/),
  });
  expect((await cli(["ps"], { address: "ftp://127.0.0.1" })).code).toBe(64);
});

test("each kind of error has its exit code", async () => {
  const codes: readonly (readonly [ErrorKind, number])[] = [
    ["usage", 64],
    ["declaration", 65],
    ["transient", 69],
    ["defect", 70],
    ["capacity", 73],
    ["conflict", 75],
    ["permission", 77],
    ["rejected", 78],
  ];
  let kind: ErrorKind = "usage";
  const doctor = () =>
    Promise.reject(new BerthError(kind, { code: "loop.some-problem", detail: "why", hint: "so" }));
  await using server = await startServer(fakeDaemon({ doctor }));
  for (const [each, exit] of codes) {
    kind = each;
    const ran = await cli(["doctor"], { address: server.address });
    expect([kind, ran.code]).toEqual([kind, exit]);
    expect(ran.stderr).toMatch(/^error: why\nhint: so\n/);
  }
});

test("a project that is not there is a usage error", async () => {
  await using server = await startServer(fakeDaemon());
  for (const words of [
    ["describe", "nobody"],
    ["ps", "nobody"],
    ["logs", "nobody"],
    ["start", "nobody"],
  ])
    expect(await cli(words, { address: server.address })).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/no project nobody/),
    });
});

test("under --json an error is a problem on stderr and stdout stays empty", async () => {
  const ran = await cli(["ps", "--json"], { address: "unix:/nowhere.sock" });
  expect(ran).toMatchObject({ code: 69, stdout: "" });
  expect(JSON.parse(ran.stderr)).toMatchObject({
    type: "urn:berth:problem:transient",
    status: 503,
    code: "cli.daemon-absent",
  });
  const mistake = await cli(["ps", "--jsn", "-o", "json"]);
  expect(JSON.parse(mistake.stderr)).toMatchObject({ status: 400, code: "cli.usage-wrong" });
});

test("every problem the daemon finds is printed with its place, line and hint", async () => {
  const problems = [
    {
      code: "declare.bad-value",
      message: "limits.cpus must be > 0",
      path: "web.yaml:4:9",
      snippet: "  4 | cpus: 0",
      hint: "0.5",
    },
    { code: "declare.unknown-key", message: "unknown key foo", path: "web.yaml:7:1" },
  ];
  const doctor = () =>
    Promise.reject(new BerthError("declaration", { code: "declare.x", detail: "2", problems }));
  await using server = await startServer(fakeDaemon({ doctor }));
  const { stderr } = await cli(["doctor"], { address: server.address });
  expect(stderr).toBe(
    "error: web.yaml:4:9 limits.cpus must be > 0\n  4 | cpus: 0\nhint: 0.5\nerror: web.yaml:7:1 unknown key foo\n2 problems\n",
  );
});

test("the first Ctrl-C detaches with 130, the second ends at once", async () => {
  const daemon = fakeDaemon({
    async *output(_query, signal) {
      yield {
        at: 1,
        agent: "coder",
        replica: 0,
        run: "r",
        stream: "stdout",
        text: "ready",
        cursor: "c",
      };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  await using server = await startServer(daemon);
  const running = startCli(["logs", "web", "-f"], { address: server.address });
  await expect.poll(() => running.stdout()).toContain("ready");
  running.interrupt();
  running.interrupt();
  expect(running.exits).toEqual([130]);
  expect(await running.done).toMatchObject({ code: 130, stderr: "" });
});

test("a variable that is set to nothing is as good as unset", async () => {
  const env = { BERTH_HOST: "", BERTH_ENV: "", BERTH_TOKEN: "", BERTH_TOKEN_FILE: "" };
  // no daemon there is 69, one that is there is asked; an empty address would be a mistake of the command line
  expect((await cli(["version"], { env })).code).toBe(0);
  expect((await cli(["ps"], { env })).code).not.toBe(64);
});
