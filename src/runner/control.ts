/** The control socket: one connection serves the daemon; the newest that says hello with a high enough epoch is it. */
import type { Socket } from "node:net";
import { daemonFrameReader, encodeFrame } from "../protocol/codec.ts";
import type { DaemonFrame, RunnerFrame } from "../protocol/frame.ts";
import { OwnSocket } from "./own-socket.ts";

/** Whoever connects must say hello within this time. */
const HELLO_DEADLINE_MS = 10_000;
/** The daemon's one, its successor's, and a few that are being refused. */
const MAX_CONNECTIONS = 8;
/** Above this, status frames are skipped and journal events wait; both are told later. */
const HIGH_WATER_BYTES = 262_144;
/** A peer that lets this much pile up, or reads nothing for so long, is cut off; the journal keeps it all. */
const MAX_QUEUED_BYTES = 4_194_304;
const STALL_MS = 30_000;
/** More lines that are no frames mean that the peer speaks something else. */
const MAX_GARBAGE = 16;

export interface ControlListener {
  /** Answers a hello: the frames to say first, and whether this connection serves from now on. */
  hello(
    frame: Extract<DaemonFrame, { kind: "hello" }>,
  ): Readonly<{ accepted: boolean; say: RunnerFrame }>;
  /** A frame on the serving connection. */
  frame(frame: Exclude<DaemonFrame, { kind: "hello" }>, line: Line): void;
  /** The serving connection can take more. */
  drained(line: Line): void;
  /** A connection begins to serve, after its welcome. */
  serving(line: Line): void;
  closed(): void;
}

/** One connection, as seen from inside. What is said in one turn of the loop goes out together: each write wakes the daemon. */
export class Line {
  readonly #socket: Socket;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #stalledSince: NodeJS.Timeout | null = null;
  /** Journal events are sent after this sequence number; null until the daemon says `resume`. */
  sentSeq: number | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the peer keeps up. */
  get roomy(): boolean {
    return !this.#socket.destroyed && this.#queuedBytes < HIGH_WATER_BYTES;
  }

  get #queuedBytes(): number {
    return this.#unsentBytes + this.#socket.writableLength;
  }

  send(frame: RunnerFrame): void {
    if (this.#socket.destroyed) return;
    const bytes = encodeFrame(frame);
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.end();
  }

  /** What the peer has not taken is lost: it is in the journal, or told again by the next status. */
  end(): void {
    this.#flush();
    this.keptUp();
    this.#socket.destroy();
  }

  /** Says a last word and closes. */
  endWith(frame: RunnerFrame): void {
    this.#flush();
    this.#socket.end(encodeFrame(frame));
  }

  keptUp(): void {
    if (this.#stalledSince !== null) clearTimeout(this.#stalledSince);
    this.#stalledSince = null;
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#unsentBytes = 0;
    if (this.#socket.destroyed || bytes.length === 0) return;
    this.#socket.write(bytes, () => {
      if (this.#socket.writableLength === 0) this.keptUp();
    });
    if (this.#socket.writableLength > 0) this.#watchStall();
  }

  #watchStall(): void {
    this.#stalledSince ??= setTimeout(() => this.#socket.destroy(), STALL_MS);
  }
}

export class ControlServer {
  readonly #listener: ControlListener;
  readonly #socket: OwnSocket;
  #serving: Line | null = null;

  constructor(path: string, listener: ControlListener) {
    this.#listener = listener;
    this.#socket = new OwnSocket({
      path,
      maxConnections: MAX_CONNECTIONS,
      accept: (socket) => this.#accept(socket),
      trouble: (reason) => process.stderr.write(`berth runner: cannot listen: ${reason}\n`),
    });
  }

  get line(): Line | null {
    return this.#serving;
  }

  /** Listens at the path, again if somebody removed or replaced the socket; whatever else was there is replaced. */
  keep(): Promise<void> {
    return this.#socket.keep();
  }

  close(): void {
    this.#serving?.end();
    this.#socket.close();
  }

  #accept(socket: Socket): void {
    const line = new Line(socket);
    const reader = daemonFrameReader();
    const tooLate = setTimeout(() => socket.destroy(), HELLO_DEADLINE_MS);
    let garbage = 0;
    socket.on("error", () => socket.destroy());
    socket.on("drain", () => {
      line.keptUp();
      if (this.#serving === line) this.#listener.drained(line);
    });
    socket.on("close", () => {
      clearTimeout(tooLate);
      line.keptUp();
      if (this.#serving !== line) return;
      this.#serving = null;
      this.#listener.closed();
    });
    socket.on("data", (chunk: Buffer) => {
      const received = reader.push(chunk);
      garbage += received.garbage;
      if (garbage > MAX_GARBAGE) return line.end();
      for (const frame of received.frames) {
        if (frame.kind === "hello") this.#hello(frame, line, tooLate);
        else if (this.#serving === line) this.#listener.frame(frame, line);
      }
    });
  }

  #hello(
    frame: Extract<DaemonFrame, { kind: "hello" }>,
    line: Line,
    tooLate: NodeJS.Timeout,
  ): void {
    clearTimeout(tooLate);
    const { accepted, say } = this.#listener.hello(frame);
    if (!accepted) return line.endWith(say);
    const older = this.#serving;
    this.#serving = line;
    if (older !== null && older !== line) older.end();
    line.send(say);
    this.#listener.serving(line);
  }
}
