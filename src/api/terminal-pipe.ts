/** Moves bytes between a WebSocket and an exec session, each way no faster than the slower end. */
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { terminalRequest } from "../schema/api-terminal.ts";
import { parsedJson } from "./terminal-message.ts";

export type ExecHandle = Awaited<ReturnType<Daemon["exec"]>>;

const STDOUT = 1;
const STDERR = 2;
/** After the exit code is known, output is over when it ended, or when none came for this long (a child may hold it open). */
const TAIL_MS = 1_000;

/** Runs until the command ends or the client goes; answers the exit code. */
export async function pipeSession(
  ws: WebSocket,
  handle: ExecHandle,
  tty: boolean,
): Promise<number | null> {
  const { session } = handle;
  const gone = new Promise<never>((_resolve, reject) => {
    ws.once("close", () =>
      reject(new BerthError("usage", { code: "api.terminal-left", detail: "the client left" })),
    );
  });
  gone.catch(() => undefined);
  const flow: Flow = { inFlight: 0, movedAt: performance.now() };
  const outputs = tty
    ? [forward(ws, session.stream, { channel: STDOUT, flow })]
    : [
        forward(ws, session.stdout, { channel: STDOUT, flow }),
        forward(ws, session.stderr, { channel: STDERR, flow }),
      ];
  receive(ws, handle);
  const code = await Promise.race([session.exitCode(), gone]);
  await Promise.race([Promise.all(outputs), silence(flow), gone]);
  return code;
}

interface Flow {
  /** Chunks the client has not taken yet. */
  inFlight: number;
  movedAt: number;
}

/** One chunk in flight at a time: the next is read once this one left for the client. */
async function forward(
  ws: WebSocket,
  source: NodeJS.ReadableStream,
  { channel, flow }: Readonly<{ channel: number; flow: Flow }>,
): Promise<void> {
  source.on("data", (chunk: Buffer | string) => {
    if (ws.readyState !== ws.OPEN) return;
    source.pause();
    flow.inFlight += 1;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    ws.send(Buffer.concat([Buffer.of(channel), bytes]), { binary: true }, () => {
      flow.inFlight -= 1;
      flow.movedAt = performance.now();
      source.resume();
    });
  });
  // an engine that breaks off ends the output; the exit code tells the rest
  await finished(source, { writable: false }).catch(() => undefined);
}

function receive(ws: WebSocket, { session }: ExecHandle): void {
  session.stream.on("error", () => undefined);
  session.stream.on("drain", () => ws.resume());
  ws.on("message", (frame: Buffer, binary: boolean) => {
    if (binary) {
      if (
        !session.stream.destroyed &&
        !session.stream.writableEnded &&
        !session.stream.write(frame)
      )
        ws.pause();
      return;
    }
    const message = terminalRequest.safeParse(parsedJson(frame));
    if (!message.success) return;
    if (message.data.kind === "eof") session.stream.end();
    // the terminal may be gone already; its size does not matter then
    if (message.data.kind === "resize")
      void session.resize(message.data.columns, message.data.rows).catch(() => undefined);
  });
  ws.resume();
}

/** Resolves when nothing was on its way for a while; a client that reads slowly is not silence. */
async function silence(flow: Flow): Promise<void> {
  flow.movedAt = performance.now();
  while (flow.inFlight > 0 || performance.now() - flow.movedAt < TAIL_MS)
    await sleep(TAIL_MS / 10, undefined, { ref: false });
}
