/** What one run prints: appended to capped segments, and never waiting for a reader. */
import { closeSync, openSync, writevSync } from "node:fs";
import { join } from "node:path";
import { chunkHeader, encodeBegin, encodeEnd, segmentName } from "../protocol/segment.ts";
import type { OutputStream } from "../protocol/segment.ts";

/** After a failed write (full disk) this long nothing is tried, so that a chatty agent does not spin us. */
const RETRY_MS = 1_000;
const NEWLINE = Buffer.from("\n");

interface RunOutputParts {
  readonly folder: string;
  readonly segmentBytes: number;
  made(): boolean;
  /** Makes the folder, unless it is there. Throws when the disk refuses. */
  make(): void;
  begun(number: number): void;
  grew(bytes: number): void;
  lost(bytes: number): void;
  ended(): void;
}

/** One run's segments. A record that could not be written whole ends its segment; the next one tells the gap. */
export class RunOutput {
  readonly #parts: RunOutputParts;
  #fd: number | null = null;
  #number = 0;
  #segmentBytes = 0;
  #outputBytes = 0;
  #lostBytes = 0;
  #retryAt = 0;
  #ended = false;

  constructor(parts: RunOutputParts) {
    this.#parts = parts;
  }

  /** Appends one chunk. Never throws: what the disk refuses is counted and told as dropped. */
  write(at: number, stream: OutputStream, bytes: Uint8Array): void {
    if (this.#ended) return;
    const record = [Buffer.from(chunkHeader(at, stream, bytes.length)), bytes, NEWLINE];
    if (this.#append(at, record)) this.#tellLost();
    else this.#lostBytes += bytes.length;
    this.#outputBytes += bytes.length;
  }

  /** Both streams are closed. */
  end(at: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#retryAt = 0;
    if (this.#outputBytes > 0 || this.#parts.made()) this.#append(at, [encodeEnd(at)]);
    this.#tellLost();
    this.#close();
    this.#parts.ended();
  }

  #append(at: number, record: readonly Uint8Array[]): boolean {
    if (at < this.#retryAt) return false;
    const size = record.reduce((sum, part) => sum + part.length, 0);
    try {
      const fd = this.#segmentFor(at, size);
      const written = writevSync(fd, record);
      this.#segmentBytes += written;
      this.#parts.grew(written);
      if (written === size) return true;
    } catch {
      // ENOSPC and the like: told as dropped once the disk takes writes again, or at the run's end.
    }
    this.#close();
    this.#retryAt = at + RETRY_MS;
    return false;
  }

  #segmentFor(at: number, size: number): number {
    if (this.#fd !== null && this.#segmentBytes + size <= this.#parts.segmentBytes) return this.#fd;
    this.#close();
    this.#parts.make();
    this.#number += 1;
    const fd = openSync(join(this.#parts.folder, segmentName(this.#number)), "ax", 0o600);
    this.#fd = fd;
    this.#segmentBytes = 0;
    this.#parts.begun(this.#number);
    const begin = encodeBegin(at, this.#outputBytes);
    const written = writevSync(fd, [begin]);
    this.#segmentBytes = written;
    this.#parts.grew(written);
    if (written !== begin.length) throw new Error("short write");
    return fd;
  }

  #tellLost(): void {
    if (this.#lostBytes > 0) this.#parts.lost(this.#lostBytes);
    this.#lostBytes = 0;
  }

  #close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
