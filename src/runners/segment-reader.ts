/** Reads one run's records in order across its segments, while they grow and while the oldest vanish. */
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { decodeRecords, segmentName, type SegmentRecord } from "../protocol/segment.ts";
import { isAbsent } from "./faults.ts";
import { openToRead } from "./read-file.ts";
import { listSegments } from "./runs.ts";

/** One read: large enough that a segment takes 64 of them, small enough that a hundred readers are nothing. */
const READ_BYTES = 65_536;

/** Records of one read: all of one segment. */
export interface Batch {
  readonly segment: number;
  /** Where in the segment the decoded bytes begin; a record's own offsets count from here. */
  readonly base: number;
  readonly records: readonly SegmentRecord[];
}

/** INVARIANTS: `offset` is where the held bytes begin; held bytes are less than one record, or garbage of that size. */
export class SegmentReader {
  readonly #folder: string;
  #segment: number;
  #offset: number;
  #held: Buffer = Buffer.alloc(0);
  #handle: FileHandle | null = null;

  /** Starts at an offset of a segment; if that one is gone, at the beginning of the next there is. */
  constructor(folder: string, segment: number, offset: number) {
    this.#folder = folder;
    this.#segment = segment;
    this.#offset = offset;
  }

  /** The next records; null when there is nothing more just now. */
  async read(): Promise<Batch | null> {
    for (;;) {
      if (this.#handle === null && !(await this.#openFrom(this.#segment))) return null;
      const batch = await this.#readHere();
      if (batch !== null) return batch;
      const next = await this.#following();
      if (next === null) return null;
      // What was appended between the read above and the birth of the next segment must not be skipped.
      const last = await this.#readHere();
      if (last !== null) return last;
      await this.close();
      await this.#openFrom(next);
    }
  }

  /** When the segment being read was last written to; null when none is open. */
  async writtenAt(): Promise<number | null> {
    return this.#handle === null ? null : (await this.#handle.stat()).mtimeMs;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #readHere(): Promise<Batch | null> {
    if (this.#handle === null) return null;
    for (;;) {
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await this.#handle.read(
        chunk,
        0,
        READ_BYTES,
        this.#offset + this.#held.length,
      );
      if (bytesRead === 0) return null;
      const bytes = Buffer.concat([this.#held, chunk.subarray(0, bytesRead)]);
      const base = this.#offset;
      const { records, next } = decodeRecords(bytes);
      this.#held = bytes.subarray(next);
      this.#offset = base + next;
      if (records.length > 0) return { segment: this.#segment, base, records };
    }
  }

  async #following(): Promise<number | null> {
    const segments = await listSegments(this.#folder);
    return segments.find((segment) => segment > this.#segment) ?? null;
  }

  /** Opens `segment`, or the first after it: any may vanish between listing and opening. */
  async #openFrom(segment: number): Promise<boolean> {
    for (const candidate of (await listSegments(this.#folder)).filter((one) => one >= segment)) {
      const handle = await openToRead(join(this.#folder, segmentName(candidate))).catch(
        absentIsNull,
      );
      if (handle === null) continue;
      if (candidate !== this.#segment) this.#offset = 0;
      this.#held = Buffer.alloc(0);
      this.#segment = candidate;
      this.#handle = handle;
      return true;
    }
    return false;
  }
}

function absentIsNull(thrown: unknown): null {
  if (isAbsent(thrown)) return null;
  throw thrown;
}
