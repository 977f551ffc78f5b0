/** Takes what a task writes to $BERTH_RESULT_FD, up to the cap; more is counted and dropped, so that the task never waits. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import { discardFifo, readFifo } from "./fifo.ts";
import type { Fifo, FifoReader } from "./fifo.ts";

/** The descriptor's number in the task's process. */
export const RESULT_FD = 3;

export class ResultPipe {
  readonly #fifo: Fifo;
  #parts: Buffer[] = [];
  #bytes = 0;
  #reader: FifoReader | null = null;

  constructor(fifo: Fifo) {
    this.#fifo = fifo;
  }

  /** For the process about to be started. */
  get path(): string {
    return this.#fifo.path;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  /** Resolves when nobody can write any more. */
  get ended(): Promise<void> {
    return this.#reader?.ended ?? Promise.resolve();
  }

  /** The process has its end: reading begins. */
  begin(): void {
    this.#reader = readFifo(this.#fifo.readFd, (bytes) => this.#take(bytes));
  }

  /** No process came of it. */
  discard(): void {
    discardFifo(this.#fifo);
  }

  /** Everything kept so far; nothing is read any more. */
  close(): Uint8Array {
    this.#reader?.destroy();
    return Buffer.concat(this.#parts);
  }

  #take(chunk: Uint8Array): void {
    // The first byte above the cap is one too many already: what is kept then is never looked at.
    if (this.#bytes <= MAX_PAYLOAD_BYTES) this.#parts.push(Buffer.from(chunk));
    else this.#parts = [];
    this.#bytes += chunk.length;
  }
}
