/** Takes what a task writes to $BERTH_RESULT_FD, up to the cap; more is counted and dropped, so that the task never waits. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import { CappedBytes } from "./capped-bytes.ts";
import { readPipe } from "./fifo.ts";
import type { PipeReader } from "./fifo.ts";

/** The descriptor's number in the task's process. */
export const RESULT_FD = 3;

export class ResultPipe {
  readonly #written = new CappedBytes(MAX_PAYLOAD_BYTES);
  #reader: PipeReader | null = null;

  get byteLength(): number {
    return this.#written.count;
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
    this.#reader = readPipe(readFd, (bytes) => this.#written.push(bytes));
  }

  /** Everything written so far, unless it is above the cap; nothing is read any more. */
  close(): Uint8Array {
    this.#reader?.destroy();
    return this.#written.bytes;
  }
}
