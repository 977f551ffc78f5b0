/** Takes what a task writes to $BERTH_RESULT_FD, up to the cap; more is counted and dropped, so that the task never waits. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import { readPipe } from "./fifo.ts";
import type { PipeReader } from "./fifo.ts";

/** The descriptor's number in the task's process. */
export const RESULT_FD = 3;

export class ResultPipe {
  #parts: Buffer[] = [];
  #bytes = 0;
  #reader: PipeReader | null = null;

  get byteLength(): number {
    return this.#bytes;
  }

  get begun(): boolean {
    return this.#reader !== null;
  }

  /** Resolves when nobody can write any more. */
  get ended(): Promise<void> {
    return this.#reader?.ended ?? Promise.resolve();
  }

  /** Something was written. */
  begin(readFd: number): void {
    this.#reader = readPipe(readFd, (bytes) => this.#take(bytes));
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
