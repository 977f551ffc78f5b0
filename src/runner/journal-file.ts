/** The runner's journal on disk: append-only files, a sequence that never restarts, kept until acknowledged. */
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
import type { JournalBody, JournalEvent } from "../model/run.ts";
import {
  ACKED_FILE,
  decodeJournal,
  encodeEvent,
  MAX_JOURNAL_BYTES,
  MAX_JOURNAL_FILE_BYTES,
} from "../protocol/journal.ts";
import { journalFirstSeq, journalName } from "../protocol/spool.ts";

/** Events kept in memory for the daemon that keeps up; older ones are read back from the files. */
const RECENT = 256;
/** And no more than this: results of tasks may have 256 KiB each, and the runner's heap 64 MiB. */
const RECENT_BYTES = 4_194_304;
/** How long an acknowledgement may stay unwritten: after a crash the daemon is told events again, and knows their numbers. */
const KEEP_ACKED_AFTER_MS = 500;
/** A fully acknowledged file is dropped once it is this big; smaller ones are gone on with. */
const WORTH_DROPPING_BYTES = 262_144;

export interface JournalOptions {
  readonly boot: string;
  readonly now: () => number;
  readonly maxBytes?: number;
  readonly maxFileBytes?: number;
}

interface Recent {
  readonly event: JournalEvent;
  readonly bytes: number;
}

interface JournalFile {
  readonly firstSeq: number;
  bytes: number;
}

/**
 * INVARIANTS: `seq` rises by one from event to event over all boots. A file's name is its first event's seq. An event
 * is only ever removed with a file whose every event is acknowledged. Nothing is written behind a torn line.
 */
export class Journal {
  readonly #folder: string;
  readonly #options: Required<JournalOptions>;
  #files: JournalFile[] = [];
  #fd: number | null = null;
  #lastSeq = 0;
  #ackedSeq = 0;
  #recent: Recent[] = [];
  #recentBytes = 0;
  #ackTimer: NodeJS.Timeout | null = null;
  /** Events the disk refused; written first once it takes them again. New starts are refused meanwhile. */
  #unwritten: { seq: number; line: Buffer }[] = [];
  /** Events of this boot not yet acknowledged, for `skipTo`; null once the daemon's view proved to be no newer. */
  #ofThisBoot: JournalBody[] | null = [];
  #ofThisBootBytes = 0;

  constructor(folder: string, options: JournalOptions) {
    this.#folder = folder;
    this.#options = {
      maxBytes: MAX_JOURNAL_BYTES,
      maxFileBytes: MAX_JOURNAL_FILE_BYTES,
      ...options,
    };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#ackedSeq = readAcked(folder);
    this.#lastSeq = this.#ackedSeq;
    this.#load();
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }
  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  /** Whether new runs must wait: the files are at their cap, or the disk takes nothing. */
  full(): boolean {
    const bytes = this.#files.reduce((sum, file) => sum + file.bytes, 0);
    return bytes >= this.#options.maxBytes || this.#unwritten.length > 0;
  }

  append(body: JournalBody): JournalEvent {
    this.#lastSeq += 1;
    const { boot, now } = this.#options;
    const event: JournalEvent = { seq: this.#lastSeq, at: now(), boot, ...body };
    const line = Buffer.from(encodeEvent(event));
    this.#remember(event, line.length);
    if (this.#ofThisBoot !== null && this.#ofThisBoot.length < RECENT) {
      this.#ofThisBootBytes += line.length;
      if (this.#ofThisBootBytes <= RECENT_BYTES) this.#ofThisBoot.push(body);
    }
    this.#unwritten.push({ seq: event.seq, line });
    this.flush();
    return event;
  }

  #remember(event: JournalEvent, bytes: number): void {
    this.#recent.push({ event, bytes });
    this.#recentBytes += bytes;
    while (this.#recent.length > RECENT || this.#recentBytes > RECENT_BYTES) {
      this.#recentBytes -= this.#recent.shift()?.bytes ?? 0;
    }
  }

  /** Writes what the disk refused before; true when nothing is left. */
  flush(): boolean {
    for (let next = this.#unwritten[0]; next !== undefined; next = this.#unwritten[0]) {
      if (!this.#write(next)) return false;
      this.#unwritten.shift();
    }
    return true;
  }

  /** Events after `seq`, oldest first, as many as one file or the memory holds; empty means none. */
  readAfter(seq: number): readonly JournalEvent[] {
    if (seq >= this.#lastSeq) return [];
    const oldest = this.#recent[0]?.event.seq ?? Infinity;
    if (oldest <= seq + 1) return this.#recentAfter(seq);
    // From the file that holds seq + 1 on: a file may hold nothing newer when its tail was damaged.
    const holding = this.#files.findLastIndex((file) => file.firstSeq <= seq + 1);
    for (const file of this.#files.slice(Math.max(0, holding))) {
      const found = this.#eventsOf(file).filter((event) => event.seq > seq);
      if (found.length > 0) return found;
    }
    return this.#recentAfter(seq);
  }

  /** The newest events in memory, of earlier boots too. */
  recent(): readonly JournalEvent[] {
    return this.#recent.map(({ event }) => event);
  }

  #recentAfter(seq: number): readonly JournalEvent[] {
    // From the end: a daemon that keeps up wants the last one or two.
    const from = this.#recent.findLastIndex(({ event }) => event.seq <= seq) + 1;
    return this.#recent.slice(from).map(({ event }) => event);
  }

  /** Forgets files whose every event is at or below `seq`. */
  acknowledge(seq: number): void {
    const acked = Math.min(seq, this.#lastSeq);
    if (acked <= this.#ackedSeq) return;
    this.#ackedSeq = acked;
    this.#ofThisBoot = null;
    // Before a file goes: its numbers must never be given again.
    if (this.#oldestIsDone()) this.#keepAcked();
    else this.#ackTimer ??= setTimeout(() => this.#keepAcked(), KEEP_ACKED_AFTER_MS).unref();
    while (this.#oldestIsDone()) {
      const done = this.#files.shift();
      if (done === undefined) break;
      if (this.#files.length === 0) this.#closeCurrent();
      removeIfThere(join(this.#folder, journalName(done.firstSeq)));
    }
  }

  /**
   * The daemon has events we do not know: the host crashed and our files lost their end. Goes on behind them, and says
   * this boot's events again, because under their old numbers the daemon takes them for known.
   */
  skipTo(seq: number): void {
    if (seq <= this.#lastSeq) {
      this.#ofThisBoot = null;
      return;
    }
    const again = this.#ofThisBoot ?? [];
    this.#ofThisBoot = null;
    this.#lastSeq = seq;
    this.#recent = [];
    this.#recentBytes = 0;
    this.#closeCurrent();
    for (const body of again) this.append(body);
  }

  close(): void {
    this.flush();
    if (this.#ackTimer !== null) this.#keepAcked();
    this.#closeCurrent();
  }

  #load(): void {
    this.#files = readdirSync(this.#folder)
      .flatMap((name) => journalFirstSeq(name) ?? [])
      .toSorted((a, b) => a - b)
      .map((firstSeq) => ({ firstSeq, bytes: this.#sizeOf(firstSeq) }));
    const last = this.#files.at(-1);
    if (last === undefined) return;
    const events = this.#dropTornLine(last);
    // A file without a whole line is the one the next event belongs into.
    const end = events.at(-1)?.seq ?? last.firstSeq - 1;
    this.#lastSeq = Math.max(this.#lastSeq, end);
    for (const event of events.slice(-RECENT)) {
      this.#remember(event, Buffer.byteLength(encodeEvent(event)));
    }
    // A gap after an acknowledged end must not be papered over by appending into the older file.
    if (last.bytes < this.#options.maxFileBytes && end === this.#lastSeq) {
      this.#fd = openSync(join(this.#folder, journalName(last.firstSeq)), "a");
    }
  }

  #dropTornLine(file: JournalFile): readonly JournalEvent[] {
    const path = join(this.#folder, journalName(file.firstSeq));
    const decoded = decodeJournal(readFileSync(path));
    if (decoded.wholeBytes < file.bytes) {
      const fd = openSync(path, "r+");
      ftruncateSync(fd, decoded.wholeBytes);
      closeSync(fd);
      file.bytes = decoded.wholeBytes;
    }
    return decoded.events;
  }

  #write({ seq, line }: Readonly<{ seq: number; line: Buffer }>): boolean {
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
      // A full disk: the event stays in `unwritten`, which `full()` reports and every tick retries.
      return false;
    }
  }

  #fileFor(seq: number): JournalFile {
    const current = this.#files.at(-1);
    if (this.#fd !== null && current !== undefined && current.bytes < this.#options.maxFileBytes)
      return current;
    this.#closeCurrent();
    this.#fd = openSync(join(this.#folder, journalName(seq)), "ax", 0o600);
    const file = { firstSeq: seq, bytes: 0 };
    this.#files.push(file);
    return file;
  }

  #oldestIsDone(): boolean {
    const [oldest, next] = this.#files;
    if (oldest === undefined) return false;
    if (next !== undefined) return next.firstSeq - 1 <= this.#ackedSeq;
    return (
      this.#ackedSeq === this.#lastSeq &&
      this.#unwritten.length === 0 &&
      oldest.bytes >= WORTH_DROPPING_BYTES
    );
  }

  #eventsOf(file: JournalFile): readonly JournalEvent[] {
    try {
      return decodeJournal(readFileSync(join(this.#folder, journalName(file.firstSeq)))).events;
    } catch {
      // Somebody else removed it; the agents' lives do not hang on it.
      return [];
    }
  }

  #sizeOf(firstSeq: number): number {
    return statSync(join(this.#folder, journalName(firstSeq))).size;
  }

  #keepAcked(): void {
    if (this.#ackTimer !== null) clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    const path = join(this.#folder, ACKED_FILE);
    try {
      writeFileSync(`${path}.new`, String(this.#ackedSeq), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // Full disk: the daemon will be sent events again that it has, and knows them by number.
    }
  }

  #closeCurrent(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function readAcked(folder: string): number {
  try {
    const seq = Number(readFileSync(join(folder, ACKED_FILE), "utf8"));
    return Number.isSafeInteger(seq) && seq >= 0 ? seq : 0;
  } catch {
    return 0;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already gone: what was wanted.
  }
}
