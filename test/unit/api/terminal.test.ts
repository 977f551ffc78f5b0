/** Terminals: bytes both ways with separate stdout and stderr, sizes, the exit code, and problems said before the end. */
import { once } from "node:events";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { BerthError } from "../../../src/base/errors.ts";
import { startServer, type TestServer, until } from "../../support/api-server.ts";
import { echoSession, fakeDaemon } from "../../support/fake-daemon.ts";

interface Heard {
  readonly ws: WebSocket;
  readonly replies: unknown[];
  stdout: string;
  stderr: string;
}

function dial(server: TestServer, path = "/api/v1/projects/web/exec"): Heard {
  const ws = new WebSocket(`ws+unix:${server.socket}:${path}`, {
    headers: { "x-berth-user": "ann" },
  });
  const heard: Heard = { ws, replies: [], stdout: "", stderr: "" };
  ws.on("message", (frame: Buffer, binary: boolean) => {
    if (!binary) heard.replies.push(JSON.parse(frame.toString()));
    else if (frame[0] === 1) heard.stdout += frame.subarray(1).toString();
    else heard.stderr += frame.subarray(1).toString();
  });
  return heard;
}

const failure = async ({ ws }: Heard): Promise<string> => String((await once(ws, "error"))[0]);

test("a command gets stdin, gives stdout and stderr apart, and its exit code", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["cat"], environment: { A: "1" } }));
  await until(() => heard.replies.length === 1);
  heard.ws.send(Buffer.from("hello"));
  heard.ws.send(JSON.stringify({ kind: "eof" }));
  await once(heard.ws, "close");
  expect(heard).toMatchObject({ stdout: "hello", stderr: "err" });
  expect(heard.replies).toEqual([{ kind: "started" }, { kind: "exit", code: 7 }]);
  const by = { who: "local", claim: "ann", reason: null };
  expect(daemon.asked).toEqual([
    [
      "exec",
      { project: "web", argv: ["cat"], tty: false, root: false, environment: { A: "1" }, by },
    ],
  ]);
});

test("a terminal has the size its client says, from the start and later", async () => {
  const sizes: (readonly [number, number])[] = [];
  await using server = await startServer(fakeDaemon({ exec: async () => echoSession(sizes) }));
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["sh"], tty: true, columns: 80, rows: 24 }));
  await until(() => heard.replies.length === 1);
  heard.ws.send(JSON.stringify({ kind: "resize", columns: 100, rows: 30 }));
  await until(() => sizes.length === 2);
  expect(sizes).toEqual([
    [80, 24],
    [100, 30],
  ]);
  heard.ws.terminate();
});

test("a command that has ended before its terminal gets its size keeps its output and its code", async () => {
  const stopped = new BerthError("transient", {
    code: "docker.engine-failed",
    detail: "resize exec: cannot resize a stopped container: unknown",
  });
  const { session, close } = echoSession();
  session.stream.end("/dev/pts/0\n");
  const exec = async () => ({
    session: { ...session, resize: () => Promise.reject(stopped) },
    close,
  });
  await using server = await startServer(fakeDaemon({ exec }));
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["tty"], tty: true, columns: 80, rows: 24 }));
  await once(heard.ws, "close");
  expect(heard.stdout).toBe("/dev/pts/0\n");
  expect(heard.replies).toEqual([{ kind: "started" }, { kind: "exit", code: 7 }]);
});

test("a refusal arrives as a problem", async () => {
  const daemon = fakeDaemon({
    exec: () =>
      Promise.reject(
        new BerthError("conflict", { code: "loop.project-frozen", detail: "web is frozen" }),
      ),
  });
  await using server = await startServer(daemon);
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["true"] }));
  await once(heard.ws, "close");
  expect(heard.replies).toEqual([
    {
      kind: "problem",
      problem: expect.objectContaining({ status: 409, code: "loop.project-frozen" }) as unknown,
    },
  ]);
});

test("a first message that starts nothing is refused, and so is silence", async () => {
  await using server = await startServer(fakeDaemon(), { terminalStartMs: 50 });
  for (const first of [
    JSON.stringify({ kind: "eof" }),
    "{",
    JSON.stringify({ kind: "start", argv: [] }),
    null,
  ]) {
    const heard = dial(server);
    await once(heard.ws, "open");
    if (first !== null) heard.ws.send(first);
    await once(heard.ws, "close");
    expect(heard.replies).toMatchObject([
      { kind: "problem", problem: { code: "api.terminal-start-invalid" } },
    ]);
  }
});

test("a client that leaves ends the command", async () => {
  let closed = false;
  const session = echoSession();
  const exec = async () => ({ ...session, close: async () => void (closed = true) });
  await using server = await startServer(fakeDaemon({ exec }));
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["cat"] }));
  await until(() => heard.replies.length === 1);
  heard.ws.terminate();
  await until(() => closed);
  expect(heard.replies).toEqual([{ kind: "started" }]);
});

test("more terminals than the bound, and other paths, are refused before the upgrade", async () => {
  await using server = await startServer(fakeDaemon(), { terminals: 1 });
  const first = dial(server);
  await once(first.ws, "open");
  expect(await failure(dial(server))).toContain("429");
  expect(await failure(dial(server, "/api/v1/projects/web"))).toContain("404");
  first.ws.terminate();
});

test("output that is still on its way when the command has ended arrives whole", async () => {
  const made = echoSession();
  const exec = async () => ({ ...made, session: { ...made.session, exitCode: async () => 0 } });
  await using server = await startServer(fakeDaemon({ exec }));
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["seq"] }));
  await until(() => heard.replies.length === 1);
  for (let part = 0; part < 20; part += 1) made.session.stream.write("x".repeat(100_000));
  made.session.stream.end();
  await once(heard.ws, "close");
  expect(heard.stdout.length).toBe(2_000_000);
  expect(heard.replies.at(-1)).toEqual({ kind: "exit", code: 0 });
});

test("a client that leaves is noticed even while the command reads nothing", async () => {
  let closed = false;
  const made = echoSession();
  const stream = new Duplex({ read: () => undefined, write: () => undefined });
  const session = { ...made.session, stream, exitCode: () => new Promise<number>(() => undefined) };
  const exec = async () => ({ session, close: async () => void (closed = true) });
  await using server = await startServer(fakeDaemon({ exec }), { heartbeatMs: 20 });
  const heard = dial(server);
  await once(heard.ws, "open");
  heard.ws.send(JSON.stringify({ kind: "start", argv: ["sleep"] }));
  await until(() => heard.replies.length === 1);
  for (let part = 0; part < 10; part += 1) heard.ws.send(Buffer.alloc(200_000));
  await until(() => stream.writableNeedDrain);
  heard.ws.terminate();
  await until(() => closed);
  expect(heard.replies).toEqual([{ kind: "started" }]);
});
