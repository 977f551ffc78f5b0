/** The journal's files in its folder: appended to up to a size each, read back, dropped oldest first. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { JournalEvent } from "../model/run.ts";
import { ACKED_FILE, decodeJournal } from "../protocol/journal.ts";
import { journalFirstSeq, journalName } from "../protocol/spool.ts";

/** A file of which nothing is needed any more is dropped once it is this big; smaller ones are gone on with. */
const WORTH_DROPPING_BYTES = 262_144;

interface JournalFile {
  readonly firstSeq: number;
  bytes: number;
}

/** INVARIANTS: a file's name is its first event's seq. Nothing is written behind a torn line. */
export class JournalFiles {
  readonly #folder: string;
  readonly #maxFileBytes: number;
  #files: JournalFile[] = [];
  #fd: number | null = null;

  constructor(folder: string, maxFileBytes: number) {
    this.#folder = folder;
    this.#maxFileBytes = maxFileBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** Takes over what an earlier boot left; returns the last number it gave, and the events of its last file. */
  load(acked: number): Readonly<{ lastSeq: number; events: readonly JournalEvent[] }> {
    this.#files = readdirSync(this.#folder)
      .flatMap((name) => journalFirstSeq(name) ?? [])
      .toSorted((a, b) => a - b)
      .map((firstSeq) => ({ firstSeq, bytes: statSync(this.#path(firstSeq)).size }));
    const last = this.#files.at(-1);
    if (last === undefined) return { lastSeq: acked, events: [] };
    const events = this.#dropTornLine(last);
    // A file without a whole line is the one the next event belongs into.
    const end = events.at(-1)?.seq ?? last.firstSeq - 1;
    // A gap after an acknowledged end must not be papered over by appending into the older file.
    if (last.bytes < this.#maxFileBytes && end >= acked) {
      this.#fd = openSync(this.#path(last.firstSeq), "a");
    }
    return { lastSeq: Math.max(acked, end), events };
  }

  /** Whether the disk took the line. */
  write(seq: number, line: Uint8Array): boolean {
    try {
      const file = this.#fileFor(seq);
      if (this.#fd === null) return false;
      try {
        if (writeSync(this.#fd, line) !== line.length) throw new Error("short write");
      } catch (thrown) {
        ftruncateSync(this.#fd, file.bytes);
        throw thrown;
      }
      file.bytes += line.length;
      return true;
    } catch {
      return false;
    }
  }

  /** Events after `seq`, oldest first, as many as one file holds. */
  after(seq: number): readonly JournalEvent[] {
    // From the file that holds seq + 1 on: a file may hold nothing newer when its tail was damaged.
    const holding = this.#files.findLastIndex((file) => file.firstSeq <= seq + 1);
    for (const file of this.#files.slice(Math.max(0, holding))) {
      const found = this.#eventsOf(file).filter((event) => event.seq > seq);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Whether the oldest file may go: all of it is acknowledged, and it is not the one to go on with. */
  oldestIsDone(acked: number, allAcked: boolean): boolean {
    const [oldest, next] = this.#files;
    if (oldest === undefined) return false;
    if (next !== undefined) return next.firstSeq - 1 <= acked;
    return allAcked && oldest.bytes >= WORTH_DROPPING_BYTES;
  }

  dropOldest(): void {
    const oldest = this.#files.shift();
    if (oldest === undefined) return;
    if (this.#files.length === 0) this.endFile();
    try {
      unlinkSync(this.#path(oldest.firstSeq));
    } catch {
      // Already gone: what was wanted.
    }
  }

  /** The next event begins another file. */
  endFile(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** 0 when none is kept. */
  readAcked(): number {
    try {
      const seq = Number(readFileSync(join(this.#folder, ACKED_FILE), "utf8"));
      return Number.isSafeInteger(seq) && seq >= 0 ? seq : 0;
    } catch {
      return 0;
    }
  }

  keepAcked(seq: number): void {
    const path = join(this.#folder, ACKED_FILE);
    try {
      writeFileSync(`${path}.new`, String(seq), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // Full disk: the daemon will be sent events again that it has, and knows them by number.
    }
  }

  #path(firstSeq: number): string {
    return join(this.#folder, journalName(firstSeq));
  }

  #dropTornLine(file: JournalFile): readonly JournalEvent[] {
    const path = this.#path(file.firstSeq);
    const decoded = decodeJournal(readFileSync(path));
    if (decoded.wholeBytes < file.bytes) {
      const fd = openSync(path, "r+");
      ftruncateSync(fd, decoded.wholeBytes);
      closeSync(fd);
      file.bytes = decoded.wholeBytes;
    }
    return decoded.events;
  }

  #fileFor(seq: number): JournalFile {
    const current = this.#files.at(-1);
    if (this.#fd !== null && current !== undefined && current.bytes < this.#maxFileBytes)
      return current;
    this.endFile();
    this.#fd = openSync(this.#path(seq), "ax", 0o600);
    const file = { firstSeq: seq, bytes: 0 };
    this.#files.push(file);
    return file;
  }

  #eventsOf(file: JournalFile): readonly JournalEvent[] {
    try {
      return decodeJournal(readFileSync(this.#path(file.firstSeq))).events;
    } catch {
      // Somebody else removed it; the agents' lives do not hang on it.
      return [];
    }
  }
}
