/** A runner that is only its socket: a test scripts what it says and sees what it is told. */
import { mkdirSync, openSync, closeSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { daemonFrameReader, encodeFrame } from "../../src/protocol/codec.ts";
import type { DaemonFrame, RunnerFrame } from "../../src/protocol/frame.ts";
import type { JournalEvent } from "../../src/model/run.ts";
import { READY_STATUS } from "./runner-report.ts";

export type Kind = DaemonFrame["kind"];

export interface FakeRunner {
  /** Frames received on all connections so far. */
  readonly received: DaemonFrame[];
  connections(): number;
  send(frame: RunnerFrame): void;
  sendRaw(bytes: string | Buffer): void;
  /** Kills every connection as a dying process does. */
  dropAll(): void;
  close(): Promise<void>;
}

export interface FakeRunnerOptions {
  readonly spool: string;
  readonly epoch?: number;
  readonly bootId?: string;
  readonly version?: number;
  readonly events?: readonly JournalEvent[];
  /** Instead of the usual answer to a frame; `false` gives the usual one. */
  readonly on?: (frame: DaemonFrame, say: (frame: RunnerFrame) => void, socket: Socket) => boolean;
}

/** Listens at once; answers hello with welcome, resume with its events, requests with ok. */
export async function fakeRunner(options: FakeRunnerOptions): Promise<FakeRunner> {
  const received: DaemonFrame[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    const reader = daemonFrameReader();
    const say = (frame: RunnerFrame): void => void socket.write(encodeFrame(frame));
    socket.on("data", (bytes: Buffer) => {
      for (const frame of reader.push(bytes).frames) {
        received.push(frame);
        if (options.on?.(frame, say, socket) !== true) usual(frame, options, say);
      }
    });
  });
  await listen(server, options.spool);
  return {
    received,
    connections: () => connections,
    send: (frame) => sockets.forEach((socket) => socket.write(encodeFrame(frame))),
    sendRaw: (bytes) => sockets.forEach((socket) => socket.write(bytes)),
    dropAll: () => sockets.forEach((socket) => socket.destroy()),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function usual(
  frame: DaemonFrame,
  options: FakeRunnerOptions,
  say: (frame: RunnerFrame) => void,
): void {
  const events = options.events ?? [];
  if (frame.kind === "hello") {
    const lastSeq = events.at(-1)?.seq ?? 0;
    const { bootId = "boot1", epoch = 1, version = 1 } = options;
    say({
      kind: "welcome",
      version,
      bootId,
      epoch,
      runnerVersion: "test",
      configHash: null,
      lastSeq,
      ackedSeq: 0,
    });
  } else if (frame.kind === "resume") {
    for (const event of events) if (event.seq > frame.after) say({ kind: "event", event });
  } else if (frame.kind !== "ack") {
    const ticket = { marker: 7, uid: 10001, gid: 10001, cwd: "/workspace", environment: {} };
    say({
      kind: "reply",
      id: frame.id,
      ok: true,
      ticket: frame.kind === "exec-open" ? ticket : null,
    });
  }
}

/** Through the directory's descriptor, as the daemon connects: the path may be longer than a socket address. */
async function listen(server: Server, spool: string): Promise<void> {
  mkdirSync(spool, { recursive: true });
  rmSync(join(spool, "control.sock"), { force: true });
  const fd = openSync(spool, "r");
  await new Promise<void>((resolve) => server.listen(`/proc/self/fd/${fd}/control.sock`, resolve));
  closeSync(fd);
}

export function started(seq: number): JournalEvent {
  const run = `run${seq}`;
  return {
    seq,
    at: 1000 + seq,
    boot: "boot1",
    kind: "started",
    run,
    agent: "coder",
    replica: 0,
    pid: 9,
    generation: 1,
  };
}

export function statusFrame(configHash: string): RunnerFrame {
  return { kind: "status", configHash, ...READY_STATUS };
}
