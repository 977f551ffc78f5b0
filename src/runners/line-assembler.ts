/** Makes lines of one stream's chunks: a line may span chunks, a chunk may hold many lines, a very long line is split. */
import type { Place } from "./place.ts";

/** Longer lines come in pieces of this size: no reader has to hold more. */
export const MAX_LINE_BYTES = 65_536;

const NEWLINE = 10;

export interface AssembledLine {
  /** When its first byte was read. */
  readonly at: number;
  readonly text: string;
  /** Where the stream goes on after it. */
  readonly next: Place;
}

export class LineAssembler {
  #parts: Buffer[] = [];
  #bytes = 0;
  #at = 0;
  #start: Place | null = null;

  /** Where the unfinished line begins, or null when there is none. */
  get pendingFrom(): Place | null {
    return this.#start;
  }

  /** Calls `emit` for every line that the record's bytes from `record.skip` on complete. */
  feed(
    body: Buffer,
    at: number,
    context: Readonly<{ record: Place; emit: (line: AssembledLine) => void }>,
  ): void {
    const { record, emit } = context;
    let from = record.skip;
    while (from < body.length) {
      if (this.#start === null) {
        this.#start = { ...record, skip: from };
        this.#at = at;
      }
      const newline = body.indexOf(NEWLINE, from);
      const lineEnd = newline === -1 ? body.length : newline;
      const room = MAX_LINE_BYTES - this.#bytes;
      const tooLong = lineEnd - from > room;
      const end = tooLong ? from + room : lineEnd;
      this.#hold(body.subarray(from, end), newline !== -1 || tooLong);
      from = tooLong || newline === -1 ? end : end + 1;
      if (tooLong || newline !== -1) emit(this.#take({ ...record, skip: from }));
    }
  }

  /** The unfinished line as a line of its own, for when nothing more will come. */
  flush(next: Place): AssembledLine | null {
    return this.#start === null ? null : this.#take(next);
  }

  /** What waits for a later chunk is copied, so that a few bytes do not keep a whole read alive. */
  #hold(part: Buffer, ends: boolean): void {
    this.#parts.push(ends ? part : Buffer.from(part));
    this.#bytes += part.length;
  }

  #take(next: Place): AssembledLine {
    const [only] = this.#parts;
    const whole =
      this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    const line = { at: this.#at, text: whole.toString("utf8"), next };
    this.#parts = [];
    this.#bytes = 0;
    this.#start = null;
    return line;
  }
}
