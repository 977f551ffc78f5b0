/** One run's output as lines in the order they were completed, with a marker where segments were dropped. */
import type { OutputStream } from "../protocol/segment.ts";
import { LineAssembler, type AssembledLine } from "./line-assembler.ts";
import { comparePlaces, earlier, type Place, type RunPlace } from "./place.ts";
import type { Run } from "./runs.ts";
import { SegmentReader, type Batch } from "./segment-reader.ts";

export interface RunLine {
  /** When it was completed, never less than that of the line before: what runs are merged by. */
  readonly key: number;
  /** When its first byte was read. */
  readonly at: number;
  /** When we read it. */
  readonly readAt: number;
  readonly stream: OutputStream;
  readonly text: string;
  /** Where the run goes on after this line. */
  readonly place: RunPlace;
}

/** A run that is over may be written to for this long still: its last chunks are on their way to the disk. */
const LAST_WRITE_MS = 1_000;

export class RunReader {
  readonly run: Run;
  /** See Run; may become true while we read. */
  over: boolean;
  readonly #segments: SegmentReader;
  readonly #from: RunPlace;
  readonly #assemblers = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  #lines: RunLine[] = [];
  #taken = 0;
  #key = 0;
  #readAt = 0;
  #seen: number;
  /** The end of the last record read. */
  #end: Place;
  #ended = false;

  /** Reads from a place; `seen` of -1 there means that what was before is of no interest. */
  constructor(run: Run, from: RunPlace) {
    const first = earlier(from.stdout, from.stderr);
    this.run = run;
    this.over = run.over;
    this.#from = from;
    this.#seen = first.seen;
    this.#end = first;
    this.#segments = new SegmentReader(run.folder, first.segment, first.offset);
  }

  peek(): RunLine | undefined {
    return this.#lines[this.#taken];
  }

  shift(): void {
    this.#taken += 1;
    if (this.#taken < this.#lines.length) return;
    this.#lines = [];
    this.#taken = 0;
  }

  /** Reads until there is a line; false when there is none just now. */
  async fill(now: number): Promise<boolean> {
    this.#readAt = now;
    while (this.peek() === undefined && !this.#ended) {
      const batch = await this.#segments.read();
      if (batch === null) return false;
      this.#take(batch);
    }
    return this.peek() !== undefined;
  }

  /** After a `fill` of false: true when nothing will ever come. */
  async finished(now: number): Promise<boolean> {
    if (this.#ended) return true;
    return this.over && ((await this.#segments.writtenAt()) ?? 0) < now - LAST_WRITE_MS;
  }

  /** Makes lines of what is unfinished; for when nothing more will be read. */
  flush(): boolean {
    for (const stream of ["stdout", "stderr"] as const) {
      const line = this.#assemblers[stream].flush(this.#end);
      if (line !== null) this.#add(stream, line, this.#end);
    }
    return this.peek() !== undefined;
  }

  close(): Promise<void> {
    return this.#segments.close();
  }

  #take(batch: Batch): void {
    for (const record of batch.records) {
      const start = {
        segment: batch.segment,
        offset: batch.base + record.start,
        skip: 0,
        seen: this.#seen,
      };
      const end = { ...start, offset: batch.base + record.end };
      if (start.segment !== this.#end.segment && record.kind !== "begin") this.#skippedTo(start);
      this.#key = Math.max(this.#key, record.at);
      this.#end = end;
      if (record.kind === "begin") {
        this.#begin(record.bytesBefore, end);
      } else if (record.kind === "end") {
        this.flush();
        this.#ended = true;
      } else {
        const body = Buffer.from(
          record.bytes.buffer,
          record.bytes.byteOffset,
          record.bytes.byteLength,
        );
        if (this.#seen >= 0) this.#seen += body.length;
        this.#end = { ...end, seen: this.#seen };
        this.#chunk(body, record, start);
      }
    }
  }

  #chunk(
    body: Buffer,
    { stream, at }: Readonly<{ stream: OutputStream; at: number }>,
    start: Place,
  ): void {
    const from = this.#from[stream];
    const order = comparePlaces(start, from);
    if (order < 0) return;
    const record = order === 0 ? { ...start, skip: from.skip } : start;
    const next = this.#end;
    this.#assemblers[stream].feed(body, at, {
      record,
      emit: (line) => this.#add(stream, line, next),
    });
  }

  /** `after`: where the other stream goes on, unless it has begun a line already. */
  #add(stream: OutputStream, line: AssembledLine, after: Place): void {
    const { at, text, next } = line;
    const other = this.#assemblers[stream === "stdout" ? "stderr" : "stdout"].pendingFrom ?? after;
    const place =
      stream === "stdout" ? { stdout: next, stderr: other } : { stdout: other, stderr: next };
    this.#push({ at, stream, text, place });
  }

  /** Every segment says how much came before it, so a reader knows what it missed. */
  #begin(bytesBefore: number, end: Place): void {
    const missing = this.#seen < 0 ? 0 : bytesBefore - this.#seen;
    this.#seen = bytesBefore;
    this.#end = { ...end, seen: bytesBefore };
    if (missing > 0) this.#gap(`[… ${missing} bytes dropped …]`);
  }

  /** A segment without a `b` record behind a hole in the numbers: something is missing, nobody knows how much. */
  #skippedTo(start: Place): void {
    const hole = start.segment > this.#end.segment + 1;
    if (this.#seen >= 0 && hole) this.#gap("[… output dropped …]");
  }

  #gap(text: string): void {
    const end = this.#end;
    this.flush();
    this.#push({ at: this.#key, stream: "stderr", text, place: { stdout: end, stderr: end } });
  }

  #push(line: Omit<RunLine, "key" | "readAt">): void {
    this.#lines.push({ key: this.#key, readAt: this.#readAt, ...line });
  }
}
