/** `exec`: bytes both ways, the command's own exit code, a terminal only where there is one. */
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { startServer } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import { echoSession, fakeDaemon } from "../../support/fake-daemon.ts";

test("passes stdin, keeps stdout and stderr apart, and exits with the command's code", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const words = ["exec", "-i", "-E", "A=1", "-E", "B=2=3", "web", "--", "cat", "-n"];
  const ran = await cli(words, { address: server.address, stdin: "hello" });
  expect(ran).toEqual({ code: 7, stdout: "hello", stderr: "err" });
  expect(daemon.asked).toMatchObject([
    [
      "exec",
      {
        project: "web",
        argv: ["cat", "-n"],
        tty: false,
        root: false,
        environment: { A: "1", B: "2=3" },
      },
    ],
  ]);
});

test("without -i the command has an empty stdin, and its own options are its own", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const ran = await cli(["exec", "--root", "web", "ls", "-l", "--json"], {
    address: server.address,
    stdin: "hello",
  });
  expect(ran).toMatchObject({ code: 7, stdout: "" });
  expect(daemon.asked).toMatchObject([
    ["exec", { argv: ["ls", "-l", "--json"], root: true, by: { claim: "ann" } }],
  ]);
});

test("options may stand behind the project too, up to the command; the command keeps its own, and its --", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  for (const words of [
    ["--root", "web", "-E", "A=1", "--", "ls", "-l"],
    ["-E", "A=1", "web", "--root", "ls", "-l"],
    ["web", "--root", "-E", "A=1", "--", "ls", "-l"],
    ["-E", "A=1", "--root", "--", "web", "ls", "-l"],
    ["web", "git", "--root", "--", "-E"],
    ["web", "--", "-E", "A=1"],
  ])
    await cli(["exec", ...words], { address: server.address });
  const list = { argv: ["ls", "-l"], root: true, environment: { A: "1" } };
  const own = { root: false, environment: {} };
  expect(daemon.asked).toMatchObject([
    ...[list, list, list, list].map((asked) => ["exec", asked]),
    ["exec", { ...own, argv: ["git", "--root", "--", "-E"] }],
    ["exec", { ...own, argv: ["-E", "A=1"] }],
  ]);
  const unknown = await cli(["exec", "web", "--rot", "--", "ls"], { address: server.address });
  expect(unknown).toMatchObject({ code: 64, stderr: expect.stringMatching(/mean --root\?/) });
});

test("-t makes the terminal raw, tells its size, and puts it back", async () => {
  const sizes: (readonly [number, number])[] = [];
  await using server = await startServer(fakeDaemon({ exec: async () => echoSession(sizes) }));
  const running = startCli(["exec", "-it", "web", "--", "sh"], {
    address: server.address,
    tty: true,
    stdin: "exit",
  });
  expect(await running.done).toMatchObject({ code: 7, stdout: "exit" });
  expect(sizes).toEqual([[100, 24]]);
  expect(running.rawModes).toEqual([true, false]);
});

test("a frozen project is 75, an absent daemon 69, an unknown code 255", async () => {
  let exec = (): ReturnType<ReturnType<typeof fakeDaemon>["exec"]> =>
    Promise.reject(
      new BerthError("conflict", { code: "loop.project-frozen", detail: "web is frozen" }),
    );
  await using server = await startServer(fakeDaemon({ exec: () => exec() }));
  const words = ["exec", "web", "--", "true"];
  expect(await cli(words, { address: server.address })).toMatchObject({
    code: 75,
    stderr: expect.stringContaining("web is frozen"),
  });
  exec = async () => {
    const made = echoSession();
    return { ...made, session: { ...made.session, exitCode: async () => null } };
  };
  expect((await cli(words, { address: server.address })).code).toBe(255);
  expect((await cli(words, { address: "unix:/nowhere.sock" })).code).toBe(69);
});
