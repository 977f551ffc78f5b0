/** Takes what a task writes to $BERTH_RESULT_FD, up to the cap; more is counted and dropped, so that the task never waits. */
import { closeSync, fchownSync } from "node:fs";
import { Socket } from "node:net";
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import { discardFifo } from "./fifo.ts";
import type { Fifo } from "./fifo.ts";
import type { Identity } from "./identity.ts";

/** The descriptor's number in the task's process. */
export const RESULT_FD = 3;
/** Read in turn and copied at once, so all pipes share it. */
const shared = Buffer.alloc(65_536);

export class ResultPipe {
  readonly #fifo: Fifo;
  #parts: Buffer[] = [];
  #bytes = 0;
  #socket: Socket | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(fifo: Fifo, owner: Identity) {
    this.#fifo = fifo;
    // The agent's own, so that it may open /dev/fd/3 again by path.
    fchownSync(fifo.writeFd, owner.uid, owner.gid);
  }

  /** For the process about to be started. */
  get writeFd(): number {
    return this.#fifo.writeFd;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  /** Resolves when nobody can write any more. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** The process has its end: ours is closed, and reading begins. */
  begin(): void {
    closeSync(this.#fifo.writeFd);
    const socket = new Socket({
      fd: this.#fifo.readFd,
      readable: true,
      writable: false,
      onread: {
        buffer: shared,
        callback: (length, bytes) => {
          this.#take(bytes.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket = socket;
    this.#ended = new Promise((resolve) => {
      socket.on("close", () => resolve());
    });
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.resume();
  }

  /** No process came of it. */
  discard(): void {
    discardFifo(this.#fifo);
  }

  /** Everything kept so far; nothing is read any more. */
  close(): Uint8Array {
    this.#socket?.destroy();
    return Buffer.concat(this.#parts);
  }

  #take(chunk: Uint8Array): void {
    // The first byte above the cap is one too many already: what is kept then is never looked at.
    if (this.#bytes <= MAX_PAYLOAD_BYTES) this.#parts.push(Buffer.from(chunk));
    else this.#parts = [];
    this.#bytes += chunk.length;
  }
}
