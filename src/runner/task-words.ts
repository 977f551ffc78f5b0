/** What one task has said by `berth-agent`: notes into the journal, progress to the daemon, a result for its end. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import { CappedBytes } from "./capped-bytes.ts";
import { ProgressTeller } from "./progress.ts";
import type { Progress } from "./progress.ts";
import type { Saying } from "./saying.ts";

/** A task that notes without end must not fill the journal, which would stop every start. */
export const MAX_NOTES = 200;

export interface WordsListener {
  note(text: string): void;
  progress(progress: Progress): void;
}

interface Written {
  readonly call: string;
  /** More than the cap is only counted: it is no result, but its size is worth saying. */
  readonly said: CappedBytes;
}

export class TaskWords {
  readonly #listener: WordsListener;
  readonly #progress: ProgressTeller;
  #notes = 0;
  #writing: Written | null = null;
  #result: Written | null = null;

  constructor(listener: WordsListener) {
    this.#listener = listener;
    this.#progress = new ProgressTeller((progress) => listener.progress(progress));
  }

  get progress(): Progress | null {
    return this.#progress.latest;
  }

  /** The result of the last `berth-agent result` that was said to its end. */
  get result(): Readonly<{ bytes: Uint8Array; byteLength: number }> | null {
    const found = this.#result;
    return found === null ? null : { bytes: found.said.bytes, byteLength: found.said.count };
  }

  hear(saying: Saying): void {
    if (saying.kind === "progress")
      this.#progress.say({ fraction: saying.fraction, text: saying.text });
    else if (saying.kind === "note") this.#note(saying.text);
    else if (saying.kind === "part") this.#take(saying.call, saying.bytes);
    else if (saying.kind === "result" && this.#writing?.call === saying.call)
      this.#result = this.#writing;
  }

  end(): void {
    this.#progress.end();
  }

  #note(text: string): void {
    this.#notes += 1;
    if (this.#notes < MAX_NOTES) this.#listener.note(text);
    else if (this.#notes === MAX_NOTES) {
      this.#listener.note(`${MAX_NOTES} notes; this task's further ones are dropped`);
    }
  }

  #take(call: string, bytes: Buffer): void {
    if (this.#writing?.call !== call)
      this.#writing = { call, said: new CappedBytes(MAX_PAYLOAD_BYTES) };
    this.#writing.said.push(bytes);
  }
}
