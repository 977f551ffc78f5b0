/** This end of a terminal: stdin, sizes and signals go to the daemon, bytes and the exit code come back. */
import { WebSocket } from "ws";
import { BerthError } from "../base/errors.ts";
import { bearerOf, errorOf } from "../client/call.ts";
import type { TerminalReply, TerminalRequest } from "../schema/api-terminal.ts";
import type { Context } from "./context.ts";
import { tokenOf } from "./token.ts";
import { daemonAddress, unreachable } from "./transport.ts";

export interface TerminalAsked {
  readonly project: string;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly root: boolean;
  readonly environment: Record<string, string>;
  readonly reason: string | null;
}

const HANDSHAKE_MS = 10_000;
const STDERR = 2;
/** Bytes of stdin on their way to the daemon before reading stops. */
const SENT_MAX = 1_048_576;

/** Runs until the command ends; its exit code, or null when nobody knows it. Throws BerthError. */
export async function runTerminal(context: Context, asked: TerminalAsked): Promise<number | null> {
  const ws = dial(context, asked);
  const restore: (() => void)[] = [];
  const stop = (): void => ws.terminate();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    return await converse(ws, context, { asked, restore });
  } finally {
    context.signal.removeEventListener("abort", stop);
    for (const undo of restore) undo();
    ws.terminate();
  }
}

function dial({ io, host }: Context, asked: TerminalAsked): WebSocket {
  return new WebSocket(
    `${webSocketBase(host)}/api/v1/projects/${encodeURIComponent(asked.project)}/exec`,
    {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      headers: {
        ...bearerOf(tokenOf(io.env)),
        ...(io.user === null ? {} : { "x-berth-user": encodeURIComponent(io.user) }),
        ...(asked.reason === null ? {} : { "x-berth-reason": encodeURIComponent(asked.reason) }),
      },
    },
  );
}

function webSocketBase(host: string): string {
  const address = daemonAddress(host);
  if (address.kind === "socket") return `ws+unix:${address.path}:`;
  const { protocol, hostname, port } = address;
  return `${protocol === "https:" ? "wss" : "ws"}://${hostname}${port === "" ? "" : `:${port}`}`;
}

interface Conversation {
  readonly asked: TerminalAsked;
  readonly restore: (() => void)[];
}

function converse(
  ws: WebSocket,
  context: Context,
  { asked, restore }: Conversation,
): Promise<number | null> {
  const { io } = context;
  return new Promise((resolve, reject) => {
    ws.on("open", () => say(ws, startOf(context, asked)));
    ws.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => reject(refused(text, response.statusCode ?? 0)));
    });
    ws.on("error", (cause) => reject(unreachable(context.host, cause)));
    ws.on("close", () => reject(left()));
    ws.on("message", (frame: Buffer, binary: boolean) => {
      if (binary) {
        show(ws, context, frame);
        return;
      }
      const reply: TerminalReply = JSON.parse(frame.toString("utf8"));
      if (reply.kind === "started") restore.push(...attach(ws, io, asked));
      if (reply.kind === "exit") resolve(reply.code);
      if (reply.kind === "problem") reject(errorOf(reply.problem));
    });
  });
}

function startOf({ io }: Context, asked: TerminalAsked): TerminalRequest {
  const { argv, tty, root, environment } = asked;
  const size = tty ? sizeOf(io) : {};
  return { kind: "start", argv: [...argv], tty, root, environment, ...size };
}

/** A terminal nobody has sized yet says 0 by 0. */
function sizeOf({
  stdout: { columns = 0, rows = 0 },
}: Context["io"]): Readonly<{ columns: number; rows: number }> {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/** Output waits for the reader: the socket is not read on before the bytes are taken. */
function show(ws: WebSocket, { io }: Context, frame: Buffer): void {
  const out = frame[0] === STDERR ? io.stderr : io.stdout;
  ws.pause();
  out.write(frame.subarray(1), () => ws.resume());
}

/** Passes stdin and sizes on; answers how to put the terminal back. */
function attach(
  ws: WebSocket,
  io: Context["io"],
  { tty, interactive }: TerminalAsked,
): readonly (() => void)[] {
  const undo: (() => void)[] = [];
  if (tty) {
    const resize = (): void => say(ws, { kind: "resize", ...sizeOf(io) });
    io.stdin.setRawMode?.(true);
    io.stdout.on("resize", resize);
    undo.push(() => {
      io.stdin.setRawMode?.(false);
      io.stdout.off("resize", resize);
    });
  }
  if (!interactive && !tty) {
    say(ws, { kind: "eof" });
    return undo;
  }
  const send = (chunk: Buffer | string): void => {
    if (ws.readyState !== ws.OPEN) return;
    if (ws.bufferedAmount > SENT_MAX) io.stdin.pause();
    ws.send(Buffer.from(chunk), { binary: true }, () => io.stdin.resume());
  };
  const end = (): void => say(ws, { kind: "eof" });
  io.stdin.on("data", send);
  io.stdin.on("end", end);
  io.stdin.resume();
  undo.push(() => {
    io.stdin.off("data", send);
    io.stdin.off("end", end);
    io.stdin.pause();
  });
  return undo;
}

function say(ws: WebSocket, request: TerminalRequest): void {
  if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(request));
}

function refused(text: string, status: number): BerthError {
  try {
    return errorOf(JSON.parse(text));
  } catch {
    return new BerthError("defect", {
      code: "cli.terminal-refused",
      detail: `the daemon answered ${status}`,
    });
  }
}

function left(): BerthError {
  return new BerthError("transient", {
    code: "cli.daemon-left",
    detail: "the daemon ended the terminal before the command did",
    hint: "it may be restarting: try again",
  });
}
